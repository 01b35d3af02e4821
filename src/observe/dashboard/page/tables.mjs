import { byId, fill, make, setText } from './dom.mjs';
import { formatAge, formatClock, formatCount, formatPrice, formatUsd, formatWhole, shortAddress } from './format.mjs';

const LETTERS_SHOWN = 5;

/** The newest trades that landed. */
export function showTrades({ trades }) {
  byId('newest-none').hidden = trades !== null && trades.length > 0;
  setText('newest-none', trades === null ? 'The database is not being read at the moment.' : 'None has landed yet.');
  fill('newest', trades ?? [], tradeRow);
}

function tradeRow(trade) {
  const market = make('td', { class: 'market' }, marketName(trade));
  const venue = (trade.venue ?? '–').replaceAll('_', ' ');
  const side = trade.side === 'buy' || trade.side === 'sell' ? trade.side : null;
  const sideText = () => (side === null ? '–' : make('span', { class: side }, side));
  // On a phone this line stands for two columns.
  market.append(make('small', { class: 'narrow' }, sideText(), ` ${venue}`));
  return make(
    'tr',
    {},
    make('td', { class: 'time' }, trade.at === null ? '–' : formatClock(trade.at)),
    market,
    make('td', { class: 'wide' }, sideText()),
    make('td', { class: 'number', title: trade.price }, formatPrice(trade.price)),
    make('td', { class: 'number' }, formatUsd(trade.amount_usd)),
    make('td', { class: 'wide' }, venue),
  );
}

function marketName({ base_mint, base_symbol, quote_mint, quote_symbol }) {
  const name = (symbol, mint) => {
    if (mint === null) return '–';
    return make('span', { title: mint, class: symbol === null ? 'mint' : null }, symbol ?? shortAddress(mint));
  };
  const names = make('span', { class: 'pair' });
  names.append(name(base_symbol, base_mint), ' / ', name(quote_symbol, quote_mint));
  return names;
}

/** Every partition of the group we know of, ours and the others'. */
export function showPartitions({ partitions }) {
  byId('partitions-none').hidden = partitions.length > 0;
  fill('partitions', partitions, (one) => {
    const owner = one.ours
      ? make('span', { class: 'ours' }, 'this engine')
      : make('span', { class: 'mint' }, one.owner);
    owner.title = one.owner;
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, String(one.partition)),
      make('td', { class: 'number' }, formatWhole(one.lag)),
      make('td', { class: 'number' }, formatWhole(one.next_offset)),
      make('td', { class: 'number wide' }, formatWhole(one.high_watermark)),
      make('td', { class: 'owner' }, owner),
    );
  });
}

/** What could not be landed, by class, and the newest of each. */
export function showLetters({ dead_letters: letters }, nowMs) {
  const { since_start: count, by_class: classes } = letters;
  const text =
    count === 0 ? 'None since the start.' : `${formatCount(count)} since the start, kept in ingest_dead_letters.`;
  setText('letters-text', text);
  fill('letters', classes.slice(0, LETTERS_SHOWN), (one) => {
    const newest = one.newest_at === null ? null : new Date(one.newest_at);
    const head = make('p', {}, make('code', {}, one.class), make('b', {}, formatCount(one.since_start)));
    const item = make('li', {}, head);
    if (one.newest_text !== null) item.append(make('p', { class: 'what' }, one.newest_text));
    if (newest !== null) {
      item.append(make('time', { datetime: newest.toISOString(), title: newest.toISOString() }, ''));
    }
    return item;
  });
  for (const element of byId('letters').querySelectorAll('time')) {
    const age = `newest ${formatAge(element.dateTime, nowMs)}`;
    if (element.textContent !== age) element.textContent = age;
  }
}
