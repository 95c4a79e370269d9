/** The shapes that the worker's modules and screens share. */
import type { CardFact } from './facts.js';
import type { Html } from './html.js';
import type { Sealed } from './seal.js';

/** A stock card as the server sent it, absent lot, location and account being ''. */
export interface CardRow {
  facility: string;
  product: string;
  lot: string;
  location: string;
  account: string;
  on_hand: number;
  version?: number;
  /** Sort key of the last standing count. */
  counted: SortKey | null;
  /** Sort key of the last fact. */
  last: SortKey | null;
  /** The VVM stage that stands, 1 to 4, and its place; absent or null where none was seen. */
  vvm?: number | null;
  vvm_told?: SortKey | null;
}

/** A shelf or bin of the facility. */
export interface Location { code: string; name: string; active: boolean }

/** What a code on a box means at this facility. */
export interface Identifier { system: string; value: string; product: string; active: boolean }

/** What the facility did of one recalled lot. */
export interface RecallAnswer {
  recall: string;
  product: string;
  lot: string;
  found: number;
  quarantined: number;
  returned: number;
  destroyed: number;
  witness: string;
  note: string;
  author: string;
  /** ms since the epoch. */
  at: number;
  /** Said here and not in what was pulled yet. */
  own: boolean;
}

/** A product, or lots of it, that was called back. */
export interface Recall {
  id: string;
  product: string;
  /** Numbers; empty: all. */
  lots: string[];
  reason: string;
  instruction: string;
  /** ISO 8601. */
  opened_at: string;
  closed_at: string | null;
  /** By lot; the latest of each. */
  answers: RecallAnswer[];
}

/** What a manager wrote to the facility. */
export interface Feedback {
  id: string;
  text: string;
  author: string;
  /** ISO 8601. */
  at: string;
  /** A product's code, or ''. */
  about: string;
  /** ISO 8601, null while unread. */
  read_at: string | null;
}

/** What the facility should have of a product, in dispensing units; null where not known. */
export interface Level {
  product: string;
  amc: number | null;
  months_reported: number;
  minimum: number | null;
  maximum: number | null;
  order_point: number | null;
  /** Hundredths of months. */
  minimum_months: number | null;
  maximum_months: number | null;
  /** YYYY-MM, the last complete month that counts. */
  as_of: string;
}

/** (effective_at in ms since the epoch, operation id): the order of the fold. */
export type SortKey = [number, string];

/** One operation on one card: its lines on that card already summed. */
export interface Fact {
  effective_at: number;
  id: string;
  type: 'movement' | 'count';
  /** A movement's signed sum, or what a count saw. In dispensing units. */
  quantity: number;
  /** Answered under another device id before: the pulled row contains it, unless the server lost just that. */
  answered?: boolean;
}

/** An operation of this device, as far as the view of cards asks. */
export interface OwnOperation {
  id: string;
  effective_at: number;
  cards: CardFact[];
  /** A count that finds 0 on every card of its places that it does not name. */
  all_lots: boolean;
  /** The operation that it takes out of the fold. */
  reverses: string | null;
  /** The shipment whose lines it receives. */
  shipment: string | null;
  /** An operation that it may put into the fold, out of it, or elsewhere in it: '' where not known which. */
  unsettles?: string;
  /** Held as far as was heard, but perhaps released since: whether the pulled rows contain it is not known. */
  uncertain?: boolean;
  /** It may have been sent under another device id before; answered: it was, and had its answer. */
  resent?: 'unanswered' | 'answered';
}

/** An issue of another facility that is expected here. */
export interface ShipmentRow {
  /** The id. */
  id: string;
  /** Code of the facility that sent it. */
  source: string;
  reference: string;
  /** ISO 8601. */
  issued_at: string;
  /** What each line sent, and whether a receipt of that product and lot stands. */
  lines: { line: number; product: string; lot: string; expiry: string | null; quantity: number; received: boolean }[];
  state: 'expected' | 'received' | 'reversed';
}

/** A card as this device sees it: the pulled row folded on with its own operations. */
export interface CardView {
  facility: string;
  product: string;
  lot: string;
  /** ISO date, or null where none is known. */
  expiry: string | null;
  location: string;
  account: string;
  on_hand: number;
  /** True where the server may yet make another number of it. */
  provisional: boolean;
  /** ms since the epoch of the last count, null if never counted. */
  counted_at: number | null;
  /** The VVM stage that was seen last, 1 to 4; null if none was. */
  vvm: number | null;
  /** Whether a recall that is open names it. */
  recalled?: boolean;
  /** The same of the last fact, null if there was none. */
  moved_at: number | null;
}

export interface Product {
  code: string;
  name: string;
  dispensing_unit: string;
  pack_size: number | null;
  category: string;
  programs: string[];
  active: boolean;
  cold_chain: boolean;
  controlled: boolean;
  uses_vvm?: boolean;
  /** Minor units of `pack_price_currency`, ISO 4217. */
  pack_price_minor?: number | null;
  pack_price_currency?: string | null;
  identifiers?: { system: string; value: string }[];
}

export interface Facility { code: string; name: string; type?: string; zone?: string; supplied_by?: string | null; active?: boolean }
export interface Program { code: string; name: string }
export interface Reason { code: string; name: string; type: 'credit' | 'debit'; tags?: string[]; active?: boolean }
export interface Lot { facility: string; product: string; number: string; expiry: string | null }

export interface LotRef { number: string; expiry: string | null }
export interface Line {
  product: string;
  lot: LotRef | null;
  quantity?: number;
  counted?: number;
  reason?: string;
  /** Of a counted line: why it differs from the book, signed like the difference. */
  reasons?: { reason: string; quantity: number }[];
  location?: string;
  account?: string;
  /** The VVM stage that was seen. */
  vvm?: number;
  /** Of a move: the card where it is now. */
  to?: { location?: string; account?: string };
  /** Of an issue: why an expired lot goes out all the same. */
  override?: string;
  /** Of a receipt: what the paper said, and the code of a reason where it is not what came. */
  shipped_quantity?: number;
  difference?: string;
}

export type Kind = 'stock.receive' | 'stock.issue' | 'stock.dispense' | 'stock.adjust' | 'stock.count' | 'stock.unpack'
  | 'stock.reverse' | 'device.gap' | 'exception.resolve' | 'stock.move' | 'stock.inspect' | 'location.set'
  | 'product.identify' | 'person.set' | 'recall.answer' | 'feedback.read';

/** An exception as it came with the answer to an operation. */
export interface AnswerException { id: string; code: string; line?: number; detail?: Record<string, unknown> }

/** An exception as it is pulled; one that came with an answer and is not pulled yet has no more than the first members. */
export interface ExceptionRow {
  id: string;
  code: string;
  operation: string;
  other: string;
  line: number;
  detail: Record<string, unknown>;
  state: 'open' | 'resolved' | 'closed';
  opened_at: string;
  assigned_to?: string;
  resolved_by?: string;
  resolved_at?: string | null;
  action?: string;
  note?: string;
}

/** An exception with what this device has of it. */
export interface Problem {
  row: ExceptionRow;
  /** A decision that was made here and is not in what was pulled. */
  decided: OutboxRecord | null;
  operation: OutboxRecord | null;
  other: OutboxRecord | null;
}

/** An operation as the outbox keeps it. `text` is what is sent, made once and never serialised again. */
export interface OutboxRecord {
  id: string;
  /** Delivery number under `device`; absent once it was set aside. */
  seq?: number;
  device?: string;
  facility: string;
  text: string;
  bytes: number;
  kind: Kind;
  products: string[];
  /** The operation that a `stock.reverse` takes back. */
  reverses?: string;
  /** Numbered anew under this device, before or after it was answered: what was pulled may contain it already. */
  renumbered?: 'unanswered' | 'answered';
  /** The `device.gap` that was sent in place of one that was set aside. */
  gap?: string;
  author: string;
  saved_at: number;
  occurred_at: number;
  /** Best knowledge of the server's effective_at at save, for the device's own view. */
  effective_at: number;
  /** The same of its recorded_at; the next operation's is at least this. */
  corrected_at: number;
  state: 'waiting' | 'answered' | 'set_aside';
  outcome?: 'applied' | 'flagged' | 'held';
  exceptions?: AnswerException[];
  answered_at?: number;
}

/** A part of another device's file, on its way to the server and back. */
export interface CarriedPart {
  device: string;
  made_at: string;
  part: number;
  parts: number;
  /** What people call the device. */
  name: string;
  /** How many operations are in it: nothing else of them is looked at here. */
  count: number;
  /** The sealed line, byte for byte. */
  text: string;
  state: 'waiting' | 'answered' | 'refused';
  /** The sealed line that goes back. */
  answers?: string;
  /** The code of the refusal, and the server's words. */
  refusal?: { code: string; detail: string };
  /** ms since the epoch. */
  taken_at: number;
}

/** An operation on one product, as /app/stock shows it. */
export interface Movement {
  id: string;
  kind: Kind;
  state: OutboxRecord['state'];
  outcome?: OutboxRecord['outcome'];
  author: string;
  occurred_at: number;
  saved_at: number;
  lines: { lot: string; quantity: number; type: 'movement' | 'count' }[];
}

export interface SyncStatus {
  /** saved: waits for a network; waiting: being sent; sent: nothing waits; attention: a person is needed; paused: sign in again. */
  state: 'saved' | 'waiting' | 'sent' | 'attention' | 'paused';
  waiting: number;
  attention: number;
  lastSentAt: number | null;
  /** Why it is paused or needs attention; '' where the state says it all. */
  reason: string;
  /** ms until the next try of its own accord, null if none is planned. */
  retryIn: number | null;
}

/** Who is signed in on this device, and where. */
export interface Me {
  user: string;
  /** Opaque, for addresses; '' for someone without a PIN, and while the device is locked. */
  id: string;
  /** Nobody is signed in: only screens that are open are shown. */
  locked: boolean;
  /** ms of rest after which the device locks itself; null where there is no PIN. */
  idle: number | null;
  name: string;
  facility: string;
  facilityName: string;
  device: string;
  deviceName: string;
  rights: string[];
  role: string;
}

export type Values = Record<string, string | number>;

export interface Format {
  number(value: number): string;
  /** Tenths with one decimal. */
  tenths(value: number): string;
  /** ms since the epoch in local time, or an ISO date ('2027-04-30') as the calendar date it is. */
  date(value: number | string): string;
  /** YYYY-MM as the month's name and the year. */
  month(value: string): string;
  time(value: number): string;
  dateTime(value: number): string;
}

export interface Ctx {
  method: string;
  url: URL;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The fields of a POST; empty for a GET. */
  form: URLSearchParams;
  /** The file of a form that has one; its text is null where it is far larger than any of ours. */
  file: { name: string; text: string | null } | null;
  /** htmx asked for the swap target only. */
  partial: boolean;
  /** Id of the person whose page sent this, where the page says so. */
  from: string;
  /** Null before the device is enrolled; routes that are not `open` never see that. */
  me: Me;
  sync: SyncStatus;
  lang: string;
  dir: 'ltr' | 'rtl';
  t(msgid: string, values?: Values): string;
  tn(one: string, many: string, n: number, values?: Values): string;
  fmt: Format;
  /** Goes on after the answer was given (event.waitUntil). */
  later(work: Promise<unknown>): void;
}

export interface Reply { status: number; headers: Record<string, string>; body: string }

export interface Page {
  title: string;
  /** Where the back button of the header leads; none if absent. */
  back?: string;
  body: Html;
  /** What sticks to the bottom of the screen at the thumb: the one primary action. */
  bar?: Html | null;
}

export type Handler = (ctx: Ctx) => Promise<Reply> | Reply;

export interface Build {
  version: string;
  /** Path -> content hash, of the files kept in Cache Storage. */
  files: Record<string, string>;
  /** Those of them that are not fetched before they are asked for. */
  demanded?: string[];
  /** Those of them that no first screen needs. */
  later?: string[];
}

/** What the device remembers about itself, in the store `meta`. */
export interface Meta {
  session: { user: string; facility: string; device: string; token: string; device_name: string; enrolled_at: number };
  language: string;
  next_seq: number;
  /** The last UUIDv7 given out, so that the next is greater whatever the clock does. */
  last_id: string;
  last_corrected_at: number;
  /** Server time minus device time in ms; absent while never measured. */
  offset_ms: number;
  /** What the server's clock said when it was heard last, in ms since the epoch. */
  heard_at: number;
  /** As `retry`, of what was taken in for other devices. */
  carry_retry: Meta['retry'];
  /** The life of the database that push talked with. */
  epoch: string;
  /** The life of the database that `cursor` and the pulled rows are of. */
  pulled_epoch: string;
  cursor: string;
  /** The device's seq up to which its own operations are contained in what was pulled. */
  covers: number;
  /** Devices that this one was before its last pull, each with its `covers` of then. */
  unpulled: { device: string; covers: number }[];
  /** Version of the pulled rows' shape; another one pulls anew. */
  feed_version: number;
  pulled_at: number;
  /** A pull that is under way. `cursor` is where it goes on; `fresh` says that it replaces everything. */
  staging: { cursor: string | null; epoch: string; fresh: boolean; rows: number };
  paused: { reason: 'signed_out' | 'revoked' | 'seq_reused'; at: number };
  /** Failed tries in a row and when the next is due. */
  retry: { failures: number; planned_at?: number; at: number; why: 'network' | 'server' | 'busy' | 'refused'; detail: string };
  last_sent_at: number;
  /** What navigator.storage.persist() answered. */
  persisted: boolean;
  /** Names of those who may use this device, as the server told last; absent until it did. */
  people: string[];
  /** Who is signed in, where there are PINs: their key under what open pages keep, and when a page was touched last. */
  unlocked: { user: string; sealed: Sealed; active_at: number };
  /** Who was signed in last, where there are PINs: the author of what is saved. */
  person: string;
  /** The last person signed out of this device: it stays shut, though nobody has a PIN, until someone signs in. */
  closed: true;
  /** ms of rest after which the device locks itself. */
  idle_ms: number;
  device_secret: CryptoKey;
  /** Since when the server asks this device to erase itself. */
  wipe: { at: number };
  /** That it did, on the server's wish; the token until the server was told. */
  wiped: { at: number; token?: string };
  /** Set while access to this device's facility is withdrawn: code and when this was pulled. */
  withdrawn: { facility: string; at: number };
}

/** One change of GET /sync/pull. */
export interface Change { entity: string; key: string; row?: Record<string, unknown>; deleted?: boolean }
