// Generated from proto/solana_messages.proto by `npm run proto`. Not to be edited.

/** A 64-bit integer as two 32-bit halves. */
export interface Long64 {
  low: number;
  high: number;
  unsigned: boolean;
}

export interface BlockHeader {
  Slot?: number | Long64 | null;
  Hash?: Uint8Array | null;
  ParentSlot?: number | Long64 | null;
  Height?: number | Long64 | null;
  Timestamp?: number | Long64 | null;
  ParentHash?: Uint8Array | null;
}

export interface TransactionStatus {
  Success?: boolean | null;
  ErrorMessage?: string | null;
}

export interface TransactionHeader {
  Fee?: number | Long64 | null;
  FeePayer?: Uint8Array | null;
  RecentBlockhash?: Uint8Array | null;
  Signer?: Uint8Array | null;
  Signatures?: readonly Uint8Array[];
  Accounts?: readonly Account[];
}

export interface Account {
  Address?: Uint8Array | null;
  IsSigner?: boolean | null;
  IsWritable?: boolean | null;
  Token?: TokenInfo | null;
}

export interface TokenInfo {
  Mint?: Uint8Array | null;
  Owner?: Uint8Array | null;
  Decimals?: number | null;
  ProgramId?: Uint8Array | null;
  Supply?: number | Long64 | null;
}

export interface BalanceUpdate {
  PreBalance?: number | Long64 | null;
  PostBalance?: number | Long64 | null;
  AccountIndex?: number | null;
}

export interface DexParsedBlockMessage {
  Header?: BlockHeader | null;
  Transactions?: readonly ParsedDexTransaction[];
}

export interface ParsedDexTransaction {
  Index?: number | null;
  Signature?: Uint8Array | null;
  Status?: TransactionStatus | null;
  Header?: TransactionHeader | null;
  Trades?: readonly DexTradeEvent[];
  OrderEvents?: readonly DexOrderEvent[];
  PoolEvents?: readonly PoolLiquidityChangeEvent[];
  TotalBalanceUpdates?: readonly BalanceUpdate[];
  TotalTokenBalanceUpdates?: readonly BalanceUpdate[];
  FeeInUsd?: number | null;
}

export interface DexTradeEvent {
  InstructionIndex?: number | null;
  Dex?: DexInfo | null;
  Market?: DexMarket | null;
  Buy?: DexTradeSide | null;
  Sell?: DexTradeSide | null;
  Royalty?: number | Long64 | null;
  Fee?: number | Long64 | null;
  Instruction?: ParsedIdlInstruction | null;
}

export interface DexInfo {
  ProgramAddress?: Uint8Array | null;
  ProtocolName?: string | null;
  ProtocolFamily?: string | null;
}

export interface DexMarket {
  MarketAddress?: Uint8Array | null;
  BaseCurrency?: Currency | null;
  QuoteCurrency?: Currency | null;
}

export interface DexTradeSide {
  Amount?: number | Long64 | null;
  Currency?: Currency | null;
  Account?: Account | null;
  Order?: DexOrder | null;
  AmountInUsd?: number | null;
}

export interface DexOrder {
  OrderId?: Uint8Array | null;
  BuySide?: boolean | null;
  LimitPrice?: number | Long64 | null;
  LimitAmount?: number | Long64 | null;
  Account?: Uint8Array | null;
  Owner?: Uint8Array | null;
  Payer?: Uint8Array | null;
  Mint?: Uint8Array | null;
  LimitPriceInUsd?: number | null;
  LimitAmountInUsd?: number | null;
}

export interface DexOrderEvent {
  InstructionIndex?: number | null;
  Type?: number | null;
  Dex?: DexInfo | null;
  Market?: DexMarket | null;
  Order?: DexOrder | null;
  Instruction?: ParsedIdlInstruction | null;
}

export interface PoolLiquidityChangeEvent {
  InstructionIndex?: number | null;
  Dex?: DexInfo | null;
  Market?: DexMarket | null;
  BaseCurrency?: PoolSide | null;
  QuoteCurrency?: PoolSide | null;
  Instruction?: ParsedIdlInstruction | null;
}

export interface PoolSide {
  ChangeAmount?: number | Long64 | null;
  PostAmount?: number | Long64 | null;
  ChangeAmountInUsd?: number | null;
  PostAmountInUsd?: number | null;
}

export interface Currency {
  Name?: string | null;
  Decimals?: number | null;
  Uri?: string | null;
  Symbol?: string | null;
  Native?: boolean | null;
  Wrapped?: boolean | null;
  Fungible?: boolean | null;
  Key?: string | null;
  SellerFeeBasisPoints?: number | null;
  EditionNonce?: number | null;
  TokenStandard?: string | null;
  ProgramAddress?: Uint8Array | null;
  MintAddress?: Uint8Array | null;
  MetadataAddress?: Uint8Array | null;
  UpdateAuthority?: Uint8Array | null;
  CollectionAddress?: Uint8Array | null;
  VerifiedCollection?: boolean | null;
  PrimarySaleHappened?: boolean | null;
  IsMutable?: boolean | null;
  TokenCreators?: readonly TokenCreator[];
  FreezeAuthority?: Uint8Array | null;
  MintAuthority?: Uint8Array | null;
  Parsed?: boolean | null;
  TotalSupply?: number | Long64 | null;
  Multiplier?: number | null;
  PriceInUsd?: number | null;
  TotalSupplyInUsd?: number | null;
}

export interface TokenCreator {
  Address?: Uint8Array | null;
  Verified?: boolean | null;
  Share?: number | null;
}

export interface ParsedIdlInstruction {
  Index?: number | null;
  Depth?: number | null;
  CallPath?: readonly number[];
  CallerIndex?: number | null;
  AncestorIndexes?: readonly number[];
  ExternalSeqNumber?: number | null;
  InternalSeqNumber?: number | null;
  Program?: Program | null;
  Accounts?: readonly Account[];
  Logs?: readonly string[];
  BalanceUpdates?: readonly BalanceUpdate[];
  TokenBalanceUpdates?: readonly BalanceUpdate[];
  Data?: Uint8Array | null;
  TokenSupplyUpdates?: readonly BalanceUpdate[];
}

export interface Program {
  Address?: Uint8Array | null;
  Parsed?: boolean | null;
  Json?: string | null;
  Signature?: Uint8Array | null;
  Name?: string | null;
  Method?: string | null;
  Arguments?: readonly ParsedArgument[];
  AccountNames?: readonly string[];
}

export interface ParsedArgument {
  Name?: string | null;
  Type?: string | null;
  String?: string | null;
  UInt?: number | Long64 | null;
  Int?: number | Long64 | null;
  Bool?: boolean | null;
  Float?: number | null;
  Json?: string | null;
  Address?: Uint8Array | null;
}

export interface TokenBlockMessage {
  Header?: BlockHeader | null;
  Transactions?: readonly ParsedTokenTransaction[];
}

export interface ParsedTokenTransaction {
  Index?: number | null;
  Signature?: Uint8Array | null;
  Status?: TransactionStatus | null;
  Header?: TransactionHeader | null;
  Transfers?: readonly Transfer[];
  BalanceUpdates?: readonly CurrencyBalanceUpdate[];
  InstructionBalanceUpdates?: readonly InstructionBalanceUpdate[];
  FeeInUsd?: number | null;
}

export interface Transfer {
  InstructionIndex?: number | null;
  Amount?: number | Long64 | null;
  Sender?: Account | null;
  Receiver?: Account | null;
  Authority?: Account | null;
  Currency?: Currency | null;
  Instruction?: ParsedIdlInstruction | null;
  AmountInUsd?: number | null;
}

export interface CurrencyBalanceUpdate {
  BalanceUpdate?: BalanceUpdate | null;
  Currency?: Currency | null;
  PreBalanceInUsd?: number | null;
  PostBalanceInUsd?: number | null;
  AmountInUsd?: number | null;
}

export interface InstructionBalanceUpdate {
  InstructionIndex?: number | null;
  TotalCurrencyBalanceUpdates?: readonly CurrencyBalanceUpdate[];
  OwnCurrencyBalanceUpdates?: readonly CurrencyBalanceUpdate[];
  TokenSupplyUpdates?: readonly CurrencyBalanceUpdate[];
  Instruction?: ParsedIdlInstruction | null;
}

export interface ParsedIdlBlockMessage {
  Header?: BlockHeader | null;
  Transactions?: readonly ParsedIdlTransaction[];
  Rewards?: readonly Reward[];
}

export interface ParsedIdlTransaction {
  Index?: number | null;
  Signature?: Uint8Array | null;
  Status?: TransactionStatus | null;
  Header?: TransactionHeader | null;
  TotalBalanceUpdates?: readonly BalanceUpdate[];
  TotalTokenBalanceUpdates?: readonly BalanceUpdate[];
  ParsedIdlInstructions?: readonly ParsedIdlInstruction[];
  FeeInUsd?: number | null;
}

export interface BlockMessage {
  Header?: BlockHeader | null;
  Rewards?: readonly Reward[];
  Transactions?: readonly Transaction[];
}

export interface Reward {
  Address?: Uint8Array | null;
  Amount?: number | Long64 | null;
  PostBalance?: number | Long64 | null;
  RewardType?: number | null;
  Commission?: number | Long64 | null;
}

export interface Transaction {
  Signature?: Uint8Array | null;
  Status?: TransactionStatus | null;
  Header?: TransactionHeader | null;
  TotalBalanceUpdates?: readonly BalanceUpdate[];
  TotalTokenBalanceUpdates?: readonly BalanceUpdate[];
  Instructions?: readonly Instruction[];
  Logs?: readonly string[];
  Index?: number | Long64 | null;
}

export interface Instruction {
  ProgramAccountIndex?: number | null;
  CallerIndex?: number | Long64 | null;
  InnerIndex?: number | Long64 | null;
  NestingLevel?: number | Long64 | null;
  Data?: Uint8Array | null;
  AccountIndexes?: readonly number[];
  BalanceUpdates?: readonly BalanceUpdate[];
  TokenBalanceUpdates?: readonly BalanceUpdate[];
  TokenSupplyUpdates?: readonly BalanceUpdate[];
}

export const fullDescriptor = {
  "nested": {
    "solana_messages": {
      "nested": {
        "BlockHeader": {
          "fields": {
            "Slot": {
              "type": "uint64",
              "id": 1
            },
            "Hash": {
              "type": "bytes",
              "id": 2
            },
            "ParentSlot": {
              "type": "uint64",
              "id": 4
            },
            "Height": {
              "type": "uint64",
              "id": 5
            },
            "Timestamp": {
              "type": "int64",
              "id": 6
            },
            "ParentHash": {
              "type": "bytes",
              "id": 7
            }
          }
        },
        "TransactionStatus": {
          "fields": {
            "Success": {
              "type": "bool",
              "id": 1
            },
            "ErrorMessage": {
              "type": "string",
              "id": 2
            }
          }
        },
        "TransactionHeader": {
          "fields": {
            "Fee": {
              "type": "uint64",
              "id": 1
            },
            "FeePayer": {
              "type": "bytes",
              "id": 2
            },
            "RecentBlockhash": {
              "type": "bytes",
              "id": 3
            },
            "Signer": {
              "type": "bytes",
              "id": 4
            },
            "Signatures": {
              "rule": "repeated",
              "type": "bytes",
              "id": 5
            },
            "Accounts": {
              "rule": "repeated",
              "type": "Account",
              "id": 6
            }
          }
        },
        "Account": {
          "oneofs": {
            "_Token": {
              "oneof": [
                "Token"
              ]
            }
          },
          "fields": {
            "Address": {
              "type": "bytes",
              "id": 1
            },
            "IsSigner": {
              "type": "bool",
              "id": 2
            },
            "IsWritable": {
              "type": "bool",
              "id": 3
            },
            "Token": {
              "type": "TokenInfo",
              "id": 4,
              "options": {
                "proto3_optional": true
              }
            }
          }
        },
        "TokenInfo": {
          "fields": {
            "Mint": {
              "type": "bytes",
              "id": 1
            },
            "Owner": {
              "type": "bytes",
              "id": 2
            },
            "Decimals": {
              "type": "uint32",
              "id": 3
            },
            "ProgramId": {
              "type": "bytes",
              "id": 4
            },
            "Supply": {
              "type": "uint64",
              "id": 5
            }
          }
        },
        "BalanceUpdate": {
          "fields": {
            "PreBalance": {
              "type": "uint64",
              "id": 1
            },
            "PostBalance": {
              "type": "uint64",
              "id": 2
            },
            "AccountIndex": {
              "type": "uint32",
              "id": 3
            }
          }
        },
        "DexParsedBlockMessage": {
          "fields": {
            "Header": {
              "type": "BlockHeader",
              "id": 1
            },
            "Transactions": {
              "rule": "repeated",
              "type": "ParsedDexTransaction",
              "id": 2
            }
          }
        },
        "ParsedDexTransaction": {
          "fields": {
            "Index": {
              "type": "uint32",
              "id": 1
            },
            "Signature": {
              "type": "bytes",
              "id": 2
            },
            "Status": {
              "type": "TransactionStatus",
              "id": 3
            },
            "Header": {
              "type": "TransactionHeader",
              "id": 4
            },
            "Trades": {
              "rule": "repeated",
              "type": "DexTradeEvent",
              "id": 5
            },
            "OrderEvents": {
              "rule": "repeated",
              "type": "DexOrderEvent",
              "id": 6
            },
            "PoolEvents": {
              "rule": "repeated",
              "type": "PoolLiquidityChangeEvent",
              "id": 7
            },
            "TotalBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 8
            },
            "TotalTokenBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 9
            },
            "FeeInUsd": {
              "type": "float",
              "id": 10
            }
          }
        },
        "DexTradeEvent": {
          "fields": {
            "InstructionIndex": {
              "type": "uint32",
              "id": 1
            },
            "Dex": {
              "type": "DexInfo",
              "id": 2
            },
            "Market": {
              "type": "DexMarket",
              "id": 3
            },
            "Buy": {
              "type": "DexTradeSide",
              "id": 4
            },
            "Sell": {
              "type": "DexTradeSide",
              "id": 5
            },
            "Royalty": {
              "type": "uint64",
              "id": 6
            },
            "Fee": {
              "type": "uint64",
              "id": 7
            },
            "Instruction": {
              "type": "ParsedIdlInstruction",
              "id": 8
            }
          }
        },
        "DexInfo": {
          "fields": {
            "ProgramAddress": {
              "type": "bytes",
              "id": 1
            },
            "ProtocolName": {
              "type": "string",
              "id": 2
            },
            "ProtocolFamily": {
              "type": "string",
              "id": 3
            }
          }
        },
        "DexMarket": {
          "fields": {
            "MarketAddress": {
              "type": "bytes",
              "id": 1
            },
            "BaseCurrency": {
              "type": "Currency",
              "id": 2
            },
            "QuoteCurrency": {
              "type": "Currency",
              "id": 3
            }
          }
        },
        "DexTradeSide": {
          "fields": {
            "Amount": {
              "type": "uint64",
              "id": 1
            },
            "Currency": {
              "type": "Currency",
              "id": 2
            },
            "Account": {
              "type": "Account",
              "id": 3
            },
            "Order": {
              "type": "DexOrder",
              "id": 4
            },
            "AmountInUsd": {
              "type": "float",
              "id": 5
            }
          }
        },
        "DexOrder": {
          "fields": {
            "OrderId": {
              "type": "bytes",
              "id": 1
            },
            "BuySide": {
              "type": "bool",
              "id": 2
            },
            "LimitPrice": {
              "type": "uint64",
              "id": 3
            },
            "LimitAmount": {
              "type": "uint64",
              "id": 4
            },
            "Account": {
              "type": "bytes",
              "id": 5
            },
            "Owner": {
              "type": "bytes",
              "id": 6
            },
            "Payer": {
              "type": "bytes",
              "id": 7
            },
            "Mint": {
              "type": "bytes",
              "id": 8
            },
            "LimitPriceInUsd": {
              "type": "float",
              "id": 9
            },
            "LimitAmountInUsd": {
              "type": "float",
              "id": 10
            }
          }
        },
        "DexOrderEventType": {
          "values": {
            "OPEN": 0,
            "UPDATE": 1,
            "CANCEL": 2
          }
        },
        "DexOrderEvent": {
          "fields": {
            "InstructionIndex": {
              "type": "uint32",
              "id": 1
            },
            "Type": {
              "type": "DexOrderEventType",
              "id": 2
            },
            "Dex": {
              "type": "DexInfo",
              "id": 3
            },
            "Market": {
              "type": "DexMarket",
              "id": 4
            },
            "Order": {
              "type": "DexOrder",
              "id": 5
            },
            "Instruction": {
              "type": "ParsedIdlInstruction",
              "id": 6
            }
          }
        },
        "PoolLiquidityChangeEvent": {
          "fields": {
            "InstructionIndex": {
              "type": "uint32",
              "id": 1
            },
            "Dex": {
              "type": "DexInfo",
              "id": 2
            },
            "Market": {
              "type": "DexMarket",
              "id": 3
            },
            "BaseCurrency": {
              "type": "PoolSide",
              "id": 4
            },
            "QuoteCurrency": {
              "type": "PoolSide",
              "id": 5
            },
            "Instruction": {
              "type": "ParsedIdlInstruction",
              "id": 6
            }
          }
        },
        "PoolSide": {
          "fields": {
            "ChangeAmount": {
              "type": "int64",
              "id": 2
            },
            "PostAmount": {
              "type": "uint64",
              "id": 3
            },
            "ChangeAmountInUsd": {
              "type": "float",
              "id": 4
            },
            "PostAmountInUsd": {
              "type": "float",
              "id": 5
            }
          }
        },
        "Currency": {
          "oneofs": {
            "_EditionNonce": {
              "oneof": [
                "EditionNonce"
              ]
            },
            "_TokenStandard": {
              "oneof": [
                "TokenStandard"
              ]
            }
          },
          "fields": {
            "Name": {
              "type": "string",
              "id": 1
            },
            "Decimals": {
              "type": "uint32",
              "id": 2
            },
            "Uri": {
              "type": "string",
              "id": 3
            },
            "Symbol": {
              "type": "string",
              "id": 4
            },
            "Native": {
              "type": "bool",
              "id": 5
            },
            "Wrapped": {
              "type": "bool",
              "id": 6
            },
            "Fungible": {
              "type": "bool",
              "id": 7
            },
            "Key": {
              "type": "string",
              "id": 8
            },
            "SellerFeeBasisPoints": {
              "type": "uint32",
              "id": 9
            },
            "EditionNonce": {
              "type": "uint32",
              "id": 10,
              "options": {
                "proto3_optional": true
              }
            },
            "TokenStandard": {
              "type": "string",
              "id": 11,
              "options": {
                "proto3_optional": true
              }
            },
            "ProgramAddress": {
              "type": "bytes",
              "id": 12
            },
            "MintAddress": {
              "type": "bytes",
              "id": 13
            },
            "MetadataAddress": {
              "type": "bytes",
              "id": 14
            },
            "UpdateAuthority": {
              "type": "bytes",
              "id": 15
            },
            "CollectionAddress": {
              "type": "bytes",
              "id": 16
            },
            "VerifiedCollection": {
              "type": "bool",
              "id": 17
            },
            "PrimarySaleHappened": {
              "type": "bool",
              "id": 18
            },
            "IsMutable": {
              "type": "bool",
              "id": 19
            },
            "TokenCreators": {
              "rule": "repeated",
              "type": "TokenCreator",
              "id": 20
            },
            "FreezeAuthority": {
              "type": "bytes",
              "id": 21
            },
            "MintAuthority": {
              "type": "bytes",
              "id": 22
            },
            "Parsed": {
              "type": "bool",
              "id": 23
            },
            "TotalSupply": {
              "type": "uint64",
              "id": 24
            },
            "Multiplier": {
              "type": "double",
              "id": 25
            },
            "PriceInUsd": {
              "type": "float",
              "id": 26
            },
            "TotalSupplyInUsd": {
              "type": "float",
              "id": 27
            }
          }
        },
        "TokenCreator": {
          "fields": {
            "Address": {
              "type": "bytes",
              "id": 1
            },
            "Verified": {
              "type": "bool",
              "id": 2
            },
            "Share": {
              "type": "uint32",
              "id": 3
            }
          }
        },
        "ParsedIdlInstruction": {
          "oneofs": {
            "_Program": {
              "oneof": [
                "Program"
              ]
            }
          },
          "fields": {
            "Index": {
              "type": "uint32",
              "id": 1
            },
            "Depth": {
              "type": "uint32",
              "id": 2
            },
            "CallPath": {
              "rule": "repeated",
              "type": "uint32",
              "id": 3
            },
            "CallerIndex": {
              "type": "int32",
              "id": 4
            },
            "AncestorIndexes": {
              "rule": "repeated",
              "type": "uint32",
              "id": 5
            },
            "ExternalSeqNumber": {
              "type": "uint32",
              "id": 6
            },
            "InternalSeqNumber": {
              "type": "uint32",
              "id": 7
            },
            "Program": {
              "type": "Program",
              "id": 8,
              "options": {
                "proto3_optional": true
              }
            },
            "Accounts": {
              "rule": "repeated",
              "type": "Account",
              "id": 9
            },
            "Logs": {
              "rule": "repeated",
              "type": "string",
              "id": 10
            },
            "BalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 11
            },
            "TokenBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 12
            },
            "Data": {
              "type": "bytes",
              "id": 13
            },
            "TokenSupplyUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 14
            }
          }
        },
        "Program": {
          "fields": {
            "Address": {
              "type": "bytes",
              "id": 1
            },
            "Parsed": {
              "type": "bool",
              "id": 2
            },
            "Json": {
              "type": "string",
              "id": 3
            },
            "Signature": {
              "type": "bytes",
              "id": 4
            },
            "Name": {
              "type": "string",
              "id": 5
            },
            "Method": {
              "type": "string",
              "id": 6
            },
            "Arguments": {
              "rule": "repeated",
              "type": "ParsedArgument",
              "id": 7
            },
            "AccountNames": {
              "rule": "repeated",
              "type": "string",
              "id": 8
            }
          }
        },
        "ParsedArgument": {
          "oneofs": {
            "Value": {
              "oneof": [
                "String",
                "UInt",
                "Int",
                "Bool",
                "Float",
                "Json",
                "Address"
              ]
            }
          },
          "fields": {
            "Name": {
              "type": "string",
              "id": 1
            },
            "Type": {
              "type": "string",
              "id": 2
            },
            "String": {
              "type": "string",
              "id": 3
            },
            "UInt": {
              "type": "uint64",
              "id": 5
            },
            "Int": {
              "type": "int64",
              "id": 6
            },
            "Bool": {
              "type": "bool",
              "id": 7
            },
            "Float": {
              "type": "float",
              "id": 8
            },
            "Json": {
              "type": "string",
              "id": 9
            },
            "Address": {
              "type": "bytes",
              "id": 10
            }
          }
        },
        "TokenBlockMessage": {
          "fields": {
            "Header": {
              "type": "BlockHeader",
              "id": 1
            },
            "Transactions": {
              "rule": "repeated",
              "type": "ParsedTokenTransaction",
              "id": 2
            }
          }
        },
        "ParsedTokenTransaction": {
          "fields": {
            "Index": {
              "type": "uint32",
              "id": 1
            },
            "Signature": {
              "type": "bytes",
              "id": 2
            },
            "Status": {
              "type": "TransactionStatus",
              "id": 3
            },
            "Header": {
              "type": "TransactionHeader",
              "id": 4
            },
            "Transfers": {
              "rule": "repeated",
              "type": "Transfer",
              "id": 5
            },
            "BalanceUpdates": {
              "rule": "repeated",
              "type": "CurrencyBalanceUpdate",
              "id": 6
            },
            "InstructionBalanceUpdates": {
              "rule": "repeated",
              "type": "InstructionBalanceUpdate",
              "id": 7
            },
            "FeeInUsd": {
              "type": "float",
              "id": 8
            }
          }
        },
        "Transfer": {
          "fields": {
            "InstructionIndex": {
              "type": "uint32",
              "id": 1
            },
            "Amount": {
              "type": "uint64",
              "id": 2
            },
            "Sender": {
              "type": "Account",
              "id": 3
            },
            "Receiver": {
              "type": "Account",
              "id": 4
            },
            "Authority": {
              "type": "Account",
              "id": 5
            },
            "Currency": {
              "type": "Currency",
              "id": 6
            },
            "Instruction": {
              "type": "ParsedIdlInstruction",
              "id": 7
            },
            "AmountInUsd": {
              "type": "float",
              "id": 8
            }
          }
        },
        "CurrencyBalanceUpdate": {
          "fields": {
            "BalanceUpdate": {
              "type": "BalanceUpdate",
              "id": 1
            },
            "Currency": {
              "type": "Currency",
              "id": 2
            },
            "PreBalanceInUsd": {
              "type": "float",
              "id": 3
            },
            "PostBalanceInUsd": {
              "type": "float",
              "id": 4
            },
            "AmountInUsd": {
              "type": "float",
              "id": 5
            }
          }
        },
        "InstructionBalanceUpdate": {
          "fields": {
            "InstructionIndex": {
              "type": "uint32",
              "id": 1
            },
            "TotalCurrencyBalanceUpdates": {
              "rule": "repeated",
              "type": "CurrencyBalanceUpdate",
              "id": 2
            },
            "OwnCurrencyBalanceUpdates": {
              "rule": "repeated",
              "type": "CurrencyBalanceUpdate",
              "id": 3
            },
            "TokenSupplyUpdates": {
              "rule": "repeated",
              "type": "CurrencyBalanceUpdate",
              "id": 4
            },
            "Instruction": {
              "type": "ParsedIdlInstruction",
              "id": 5
            }
          }
        },
        "ParsedIdlBlockMessage": {
          "fields": {
            "Header": {
              "type": "BlockHeader",
              "id": 1
            },
            "Transactions": {
              "rule": "repeated",
              "type": "ParsedIdlTransaction",
              "id": 2
            },
            "Rewards": {
              "rule": "repeated",
              "type": "Reward",
              "id": 3
            }
          }
        },
        "ParsedIdlTransaction": {
          "fields": {
            "Index": {
              "type": "uint32",
              "id": 1
            },
            "Signature": {
              "type": "bytes",
              "id": 2
            },
            "Status": {
              "type": "TransactionStatus",
              "id": 3
            },
            "Header": {
              "type": "TransactionHeader",
              "id": 4
            },
            "TotalBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 5
            },
            "TotalTokenBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 6
            },
            "ParsedIdlInstructions": {
              "rule": "repeated",
              "type": "ParsedIdlInstruction",
              "id": 7
            },
            "FeeInUsd": {
              "type": "float",
              "id": 8
            }
          }
        },
        "BlockMessage": {
          "fields": {
            "Header": {
              "type": "BlockHeader",
              "id": 1
            },
            "Rewards": {
              "rule": "repeated",
              "type": "Reward",
              "id": 2
            },
            "Transactions": {
              "rule": "repeated",
              "type": "Transaction",
              "id": 3
            }
          }
        },
        "RewardType": {
          "values": {
            "Unknown": 0,
            "Fee": 1,
            "Rent": 2,
            "Staking": 3,
            "Voting": 4
          }
        },
        "Reward": {
          "fields": {
            "Address": {
              "type": "bytes",
              "id": 1
            },
            "Amount": {
              "type": "int64",
              "id": 2
            },
            "PostBalance": {
              "type": "uint64",
              "id": 3
            },
            "RewardType": {
              "type": "RewardType",
              "id": 4
            },
            "Commission": {
              "type": "uint64",
              "id": 5
            }
          }
        },
        "Transaction": {
          "fields": {
            "Signature": {
              "type": "bytes",
              "id": 1
            },
            "Status": {
              "type": "TransactionStatus",
              "id": 2
            },
            "Header": {
              "type": "TransactionHeader",
              "id": 3
            },
            "TotalBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 4
            },
            "TotalTokenBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 5
            },
            "Instructions": {
              "rule": "repeated",
              "type": "Instruction",
              "id": 7
            },
            "Logs": {
              "rule": "repeated",
              "type": "string",
              "id": 8
            },
            "Index": {
              "type": "uint64",
              "id": 9
            }
          }
        },
        "Instruction": {
          "fields": {
            "ProgramAccountIndex": {
              "type": "uint32",
              "id": 1
            },
            "CallerIndex": {
              "type": "uint64",
              "id": 2
            },
            "InnerIndex": {
              "type": "uint64",
              "id": 3
            },
            "NestingLevel": {
              "type": "uint64",
              "id": 4
            },
            "Data": {
              "type": "bytes",
              "id": 5
            },
            "AccountIndexes": {
              "rule": "repeated",
              "type": "uint32",
              "id": 6
            },
            "BalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 7
            },
            "TokenBalanceUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 8
            },
            "TokenSupplyUpdates": {
              "rule": "repeated",
              "type": "BalanceUpdate",
              "id": 9
            }
          }
        }
      }
    }
  }
};
