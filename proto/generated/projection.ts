// Generated from proto/solana_messages.proto by `npm run proto`. Not to be edited.

/** A 64-bit integer as two 32-bit halves. */
export interface Long64 {
  low: number;
  high: number;
  unsigned: boolean;
}

export interface BlockHeader {
  Slot: Long64;
  Hash: Uint8Array;
  ParentSlot: Long64;
  Height: Long64;
  Timestamp: Long64;
  ParentHash: Uint8Array;
}

export interface TransactionStatus {
  Success: boolean;
}

export interface TransactionHeader {
  Fee: Long64;
  FeePayer: Uint8Array;
  Signer: Uint8Array;
}

export interface Account {
  Address: Uint8Array;
  Token: TokenInfo | null;
}

export interface TokenInfo {
  Owner: Uint8Array;
}

export interface DexParsedBlockMessage {
  Header: BlockHeader | null;
  Transactions: ParsedDexTransaction[];
}

export interface ParsedDexTransaction {
  Index: number;
  Signature: Uint8Array;
  Status: TransactionStatus | null;
  Header: TransactionHeader | null;
  Trades: DexTradeEvent[];
}

export interface DexTradeEvent {
  InstructionIndex: number;
  Dex: DexInfo | null;
  Market: DexMarket | null;
  Buy: DexTradeSide | null;
  Sell: DexTradeSide | null;
  Royalty: Long64;
  Fee: Long64;
}

export interface DexInfo {
  ProgramAddress: Uint8Array;
  ProtocolName: Uint8Array;
  ProtocolFamily: Uint8Array;
}

export interface DexMarket {
  MarketAddress: Uint8Array;
  BaseCurrency: Currency | null;
  QuoteCurrency: Currency | null;
}

export interface DexTradeSide {
  Amount: Long64;
  Currency: Currency | null;
  Account: Account | null;
  Order: DexOrder | null;
  AmountInUsd: number;
}

export interface DexOrder {
  OrderId: Uint8Array;
}

export interface Currency {
  Decimals: number;
  MintAddress: Uint8Array;
}

export const projectionDescriptor = {
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
            "Signer": {
              "type": "bytes",
              "id": 4
            }
          }
        },
        "Account": {
          "fields": {
            "Address": {
              "type": "bytes",
              "id": 1
            },
            "Token": {
              "type": "TokenInfo",
              "id": 4
            }
          }
        },
        "TokenInfo": {
          "fields": {
            "Owner": {
              "type": "bytes",
              "id": 2
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
              "type": "bytes",
              "id": 2
            },
            "ProtocolFamily": {
              "type": "bytes",
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
            }
          }
        },
        "Currency": {
          "fields": {
            "Decimals": {
              "type": "uint32",
              "id": 2
            },
            "MintAddress": {
              "type": "bytes",
              "id": 13
            }
          }
        }
      }
    }
  }
};
