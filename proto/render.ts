import protobuf from 'protobufjs';
import { PROJECTION } from './projection.js';

const PACKAGE = 'solana_messages';

interface FieldDescriptor {
  type: string;
  id: number;
  rule?: string;
}
interface Descriptor {
  fields?: Record<string, FieldDescriptor>;
  oneofs?: Record<string, { oneof: string[] }>;
  values?: Record<string, number>;
}
type Messages = Record<string, Descriptor>;

/** The generated modules, file name → text, made from the text of `solana_messages.proto`. */
export function renderModules(source: string): Map<string, string> {
  const full = messagesOf(source);
  return new Map([
    ['full.ts', renderModule('fullDescriptor', full, 'input')],
    ['projection.ts', renderModule('projectionDescriptor', project(full), 'decoded')],
  ]);
}

function messagesOf(source: string): Messages {
  const root = protobuf.parse(source, { keepCase: true }).root.toJSON();
  const nested = (root.nested?.[PACKAGE] as { nested: Messages } | undefined)?.nested;
  if (nested === undefined) throw new Error(`The schema has no package ${PACKAGE}.`);
  return nested;
}

function project(full: Messages): Messages {
  const projected: Messages = {};
  for (const [message, kept] of Object.entries(PROJECTION)) {
    const fields: Record<string, FieldDescriptor> = {};
    for (const name of kept) {
      const field = full[message]?.fields?.[name];
      if (field === undefined)
        throw new Error(`The projection keeps ${message}.${name}, which the schema does not have.`);
      fields[name] = {
        ...(field.rule && { rule: field.rule }),
        type: field.type === 'string' ? 'bytes' : field.type,
        id: field.id,
      };
    }
    projected[message] = { fields };
  }
  return projected;
}

/** `input`: what an encoder takes, every field optional. `decoded`: what the decoder gives, where scalars have their defaults. */
function renderModule(constant: string, messages: Messages, shape: 'input' | 'decoded'): string {
  const lines = [
    '// Generated from proto/solana_messages.proto by `npm run proto`. Not to be edited.',
    '',
    '/** A 64-bit integer as two 32-bit halves. */',
    'export interface Long64 {',
    '  low: number;',
    '  high: number;',
    '  unsigned: boolean;',
    '}',
    '',
  ];
  for (const [name, descriptor] of Object.entries(messages)) {
    if (descriptor.fields === undefined) continue;
    lines.push(`export interface ${name} {`);
    for (const [field, definition] of Object.entries(descriptor.fields)) {
      lines.push(`  ${fieldType(field, definition, messages, shape)};`);
    }
    lines.push('}', '');
  }
  const root = { nested: { [PACKAGE]: { nested: messages } } };
  lines.push(`export const ${constant} = ${JSON.stringify(root, null, 2)};`, '');
  return lines.join('\n');
}

function fieldType(name: string, field: FieldDescriptor, messages: Messages, shape: 'input' | 'decoded'): string {
  const single = scalarType(field.type, shape) ?? (messages[field.type]?.values === undefined ? field.type : 'number');
  if (field.rule === 'repeated') return shape === 'input' ? `${name}?: readonly ${single}[]` : `${name}: ${single}[]`;
  if (shape === 'input') return `${name}?: ${single} | null`;
  return messages[field.type] === undefined ? `${name}: ${single}` : `${name}: ${single} | null`;
}

function scalarType(type: string, shape: 'input' | 'decoded'): string | undefined {
  switch (type) {
    case 'uint64':
    case 'int64':
      return shape === 'input' ? 'number | Long64' : 'Long64';
    case 'uint32':
    case 'int32':
    case 'float':
    case 'double':
      return 'number';
    case 'bool':
      return 'boolean';
    case 'string':
      return 'string';
    case 'bytes':
      return 'Uint8Array';
    default:
      return undefined;
  }
}
