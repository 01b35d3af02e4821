import bs58 from 'bs58';
import type { Random } from './random.js';
import { encodePart } from './wire.js';

export type VenueKind = 'curve' | 'pool' | 'book' | 'router';

/** A program that trades, with what its instructions have in common. */
export interface Venue {
  readonly address: Uint8Array;
  /** ProtocolName and ProtocolFamily as the stream gives them: free text, and not consistent. */
  readonly protocol: string;
  readonly family: string;
  readonly kind: VenueKind;
  /** Message Program up to its arguments, and after them. */
  readonly programHead: Uint8Array;
  readonly programTail: Uint8Array;
  readonly argumentNames: readonly string[];
  /** Accounts of an instruction. */
  readonly accounts: number;
  readonly logHead: string;
  readonly logMethod: string;
}

/** Name, family, address, kind, method, accounts of its instruction, share of the trades. */
const VENUES = [
  ['pump', 'Pumpfun', '6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P', 'curve', 'buy', 16, 26],
  ['pump_amm', 'Pumpswap', 'pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA', 'pool', 'sell', 23, 34],
  ['raydium_amm', 'Raydium', '675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8', 'pool', 'swapBaseIn', 18, 8],
  ['raydium_clmm', 'Raydium', 'CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK', 'pool', 'swapV2', 17, 6],
  ['raydium_cp_swap', 'Raydium', 'CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C', 'pool', 'swapBaseInput', 16, 4],
  ['raydium_launchpad', 'Raydium', 'LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj', 'curve', 'buyExactIn', 18, 3],
  ['lb_clmm', 'Meteora', 'LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo', 'pool', 'swap2', 18, 7],
  ['cp_amm', 'Meteora', 'cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG', 'pool', 'swap', 16, 5],
  ['', 'Meteora', 'dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN', 'curve', 'swap', 16, 2],
  ['whirlpool', 'Orca', 'whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc', 'pool', 'swapV2', 17, 5],
  ['openbook_v2', 'OpenBook', 'opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb', 'book', 'placeTakeOrder', 18, 2],
  ['phoenix', 'Phoenix', 'PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY', 'book', 'swap', 15, 2],
  ['jupiter', '', 'JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4', 'router', 'sharedAccountsRoute', 19, 8],
  ['dex_solana_v3', 'OKX', 'proVF4pMXVaYqmy4NjniPh4pqKNfMmsihgd4wdkCX3u', 'router', 'swapTobV3', 17, 2],
] as const;

const ACCOUNT_NAMES = (
  'user pool user_base_token_account user_quote_token_account pool_base_token_account pool_quote_token_account ' +
  'base_mint quote_mint global_config protocol_fee_recipient protocol_fee_recipient_token_account base_token_program ' +
  'quote_token_program system_program associated_token_program event_authority program coin_creator_vault_ata ' +
  'coin_creator_vault_authority global_volume_accumulator user_volume_accumulator observation_state fee_config'
).split(' ');

const ARGUMENT_NAMES = ['amount_in', 'minimum_amount_out', 'sqrt_price_limit'] as const;

export interface Venues {
  readonly curves: readonly Venue[];
  readonly pools: readonly Venue[];
  readonly books: readonly Venue[];
  readonly routers: readonly Venue[];
}

/** Every venue as often in its list as its share says. */
export function makeVenues(random: Random): Venues {
  const lists: Record<VenueKind, Venue[]> = { curve: [], pool: [], book: [], router: [] };
  for (const [protocol, family, address, kind, method, accounts, share] of VENUES) {
    const venue = makeVenue(protocol, family, bs58.decode(address), kind, method, accounts, random);
    for (let time = 0; time < share; time++) lists[kind].push(venue);
  }
  return { curves: lists.curve, pools: lists.pool, books: lists.book, routers: lists.router };
}

function makeVenue(
  protocol: string,
  family: string,
  address: Uint8Array,
  kind: VenueKind,
  method: string,
  accounts: number,
  random: Random,
): Venue {
  // The last two are passed without a name, as remaining accounts.
  const names = ACCOUNT_NAMES.slice(0, accounts - 2);
  const argumentNames = ARGUMENT_NAMES.slice(0, random.between(2, 3));
  return {
    address,
    protocol,
    family,
    kind,
    programHead: encodePart('Program', {
      Address: address,
      Parsed: true,
      Json: idlText(method, names, argumentNames, random),
      Signature: random.bytes(32),
      Name: protocol,
      Method: method,
    }),
    programTail: encodePart('Program', { AccountNames: names }),
    argumentNames,
    accounts,
    logHead: `Program ${bs58.encode(address)}`,
    logMethod: `Program log: Instruction: ${method.charAt(0).toUpperCase()}${method.slice(1)}`,
  };
}

/** An instruction's interface description in the shape the stream carries it, 2.5-3.5 KB. */
function idlText(method: string, accounts: readonly string[], args: readonly string[], random: Random): string {
  return JSON.stringify({
    name: method,
    docs: null,
    accounts: accounts.map((name, place) => ({
      IdlAccount: { docs: null, name, isMut: place < 6, isSigner: place === 0, optional: false, isOptional: false },
      IdlAccounts: null,
    })),
    args: args.map((name) => ({
      name,
      docs: null,
      type: {
        AsString: 'u64',
        AsIdlTypeVec: null,
        AsIdlTypeOption: null,
        AsIdlTypeDefined: null,
        AsIdlTypeArray: null,
        AsMap: null,
        AsBTreeMap: null,
        AsTuple: null,
      },
    })),
    discriminator: Buffer.from(random.bytes(8)).toString('base64'),
  });
}
