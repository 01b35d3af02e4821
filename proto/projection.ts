/**
 * The projection of the schema: what a trade row or a slot's header is made of. The decoder skips every other field, which is
 * over 90 % of the bytes. Text fields become `bytes` there (the wire type is the same), because protobufjs rejects a whole
 * message for one invalid UTF-8 sequence.
 */
export const PROJECTION: Readonly<Record<string, readonly string[]>> = {
  BlockHeader: ['Slot', 'Hash', 'ParentSlot', 'Height', 'Timestamp', 'ParentHash'],
  TransactionStatus: ['Success'],
  TransactionHeader: ['Fee', 'FeePayer', 'Signer'],
  Account: ['Address', 'Token'],
  TokenInfo: ['Owner'],
  DexParsedBlockMessage: ['Header', 'Transactions'],
  ParsedDexTransaction: ['Index', 'Signature', 'Status', 'Header', 'Trades'],
  DexTradeEvent: ['InstructionIndex', 'Dex', 'Market', 'Buy', 'Sell', 'Royalty', 'Fee'],
  DexInfo: ['ProgramAddress', 'ProtocolName', 'ProtocolFamily'],
  DexMarket: ['MarketAddress', 'BaseCurrency', 'QuoteCurrency'],
  DexTradeSide: ['Amount', 'Currency', 'Account', 'Order', 'AmountInUsd'],
  DexOrder: ['OrderId'],
  Currency: ['Decimals', 'MintAddress'],
};
