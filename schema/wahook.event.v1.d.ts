// wahook.event/1: generated from the Rust types; do not edit.

/**
 * One event; its `kind` tells what its `data` is.
 *
 * A later release of version 1 may add kinds, content types, fields and words: keep a `default` branch.
 */
export type Event =
  | (EventBase & { kind: "message.received"; data: Message })
  | (EventBase & { kind: "message.sent"; data: Message })
  | (EventBase & { kind: "message.status"; data: StatusUpdate })
  | (EventBase & { kind: "message.reaction"; data: Reaction })
  | (EventBase & { kind: "message.edited"; data: Edited })
  | (EventBase & { kind: "message.deleted"; data: Deleted })
  | (EventBase & { kind: "poll.vote"; data: PollVote })
  | (EventBase & { kind: "call"; data: Call })
  | (EventBase & { kind: "presence"; data: PresenceUpdate })
  | (EventBase & { kind: "group.participants"; data: Participants })
  | (EventBase & { kind: "group.updated"; data: GroupUpdate })
  | (EventBase & { kind: "chat.updated"; data: ChatUpdate })
  | (EventBase & { kind: "contact.updated"; data: ContactUpdate })
  | (EventBase & { kind: "label.updated"; data: LabelUpdate })
  | (EventBase & { kind: "template.status"; data: TemplateStatus })
  | (EventBase & { kind: "order.updated"; data: OrderUpdate })
  | (EventBase & { kind: "calendar.response"; data: CalendarResponse })
  | (EventBase & { kind: "account.updated"; data: AccountUpdate })
  | (EventBase & { kind: "session.status"; data: SessionStatus })
  | (EventBase & { kind: "other"; data: OtherData })
  | (EventBase & { kind: "unknown"; data: OtherData })
  | (EventBase & { kind: "malformed"; data: MalformedData });

/** The event of one kind. */
export type EventOf<K extends Event["kind"]> = Extract<Event, { kind: K }>;

/** What every event has. */
export interface EventBase {
  /** The version of this form. */
  schema: "wahook.event/1";
  /** What was said, not how it was sent: stable text. */
  key: string;
  /** The provider's id, such as `wawp`. */
  provider: string;
  /** The endpoint's name. */
  endpoint: string;
  /** Device, channel, session or phone number id. */
  account: string | null;
  /** Workspace, organisation or business account. */
  tenant: string | null;
  /** The provider's own name of the event. */
  name: string | null;
  /** Where that name was found; null if there is none. */
  name_source: NameSource | null;
  /** When it happened. */
  occurred_at: string | null;
  /** Where that time was found. */
  time_source: TimeSource;
  /** When it arrived. */
  received_at: string;
  /** Whose account it is. */
  account_identity: Identity | null;
  /** The request that brought it. */
  delivery: DeliveryInfo;
  /** The id of the delivery that this one replays. */
  replay_of: string | null;
  /** Which attempt of a sink this is, from 1; null outside sinks. */
  attempt: number | null;
  /**
   * When what the provider left out of it was read from the provider's API; left out where it was not. `raw` has
   * nothing of that.
   */
  enriched_at?: string | null;
  /** The item as the provider sent it; left out on request; null where it is not JSON. */
  raw?: unknown;
  /** The item as the provider sent it, where it is not JSON. */
  raw_base64?: string;
  /**
   * Which replay it is: a number that no other replay has, the same in all attempts of this one; left out where it is
   * none.
   */
  replay?: number | null;
}

/** The account itself changed: its quality, limits, name or review. */
export interface AccountUpdate {
  /** What changed, the provider's own word. */
  subject: string | null;
  /** Its new state, the provider's own word. */
  status: string | null;
  /** Why. */
  reason: string | null;
}

/** An answer to an invitation. */
export type CalendarAnswer = "going" | "not_going" | "maybe" | "unknown" | (string & {});

/** An answer to an invitation. */
export interface CalendarResponse {
  /** The bare id of the invitation's message. */
  event_message_id: string | null;
  /** The answer. */
  response: CalendarAnswer;
  /** The provider's own word. */
  raw_response: string | null;
  /** How many more come. */
  extra_guests: number | null;
  /** Who answers. */
  responder: Identity | null;
  /** Where. */
  chat: Chat | null;
  /** Whether the answer could not be read. */
  failed: boolean;
}

/** A call. */
export interface Call {
  /** The provider's id of it. */
  call_id: string | null;
  /** What happened to it. */
  state: CallState;
  /** Who calls. */
  from: Identity | null;
  /** Whether it has pictures; null where the provider does not tell. */
  video: boolean | null;
  /** Whether it is a group call; null where the provider does not tell. */
  group: boolean | null;
}

/** What happened to a call. */
export type CallState = "received" | "accepted" | "rejected" | "unknown" | (string & {});

/** Where a conversation takes place. */
export interface Chat {
  /** What it is. */
  type: ChatType;
  /** The provider's own text for it. */
  id: string | null;
  /** WhatsApp address, without a device part. */
  jid: string | null;
  /** Hidden id, `…@lid`. */
  lid: string | null;
  /** E.164 with `+`. */
  phone: string | null;
  /** Its name. */
  name: string | null;
}

/** What happened to a conversation. */
export type ChatAction = "archived" | "unarchived" | "updated" | "unknown" | (string & {});

/** What a chat is. */
export type ChatType = "user" | "group" | "newsletter" | "broadcast" | "status" | "unknown" | (string & {});

/** A conversation changed at the provider. */
export interface ChatUpdate {
  /** The provider's own id of it. */
  chat_id: string | null;
  /** What happened. */
  action: ChatAction;
  /** The provider's own word for its state. */
  status: string | null;
}

/** A contact card. */
export interface Contact {
  /** Display name. */
  name: string | null;
  /** Phone numbers as written on the card. */
  phones: string[];
  /** The card as vCard text. */
  vcard: string | null;
}

/** A contact changed at the provider. */
export interface ContactUpdate {
  /** The provider's own id of it. */
  contact_id: string | null;
  /** Who it is. */
  identity: Identity | null;
}

/** Contact cards. */
export interface Contacts {
  /** The cards. */
  contacts: Contact[];
}

/** What a message contains. A body that names its type but leaves the content out keeps the type and has null inside. */
export type Content =
  | (TextContent & { type: "text" })
  | (MediaContent & { type: "image" })
  | (MediaContent & { type: "video" })
  | (MediaContent & { type: "audio" })
  | (MediaContent & { type: "voice" })
  | (MediaContent & { type: "document" })
  | (MediaContent & { type: "sticker" })
  | (Location & { type: "location" })
  | (Contacts & { type: "contacts" })
  | (Interactive & { type: "interactive" })
  | (Template & { type: "template" })
  | (Poll & { type: "poll" })
  | (Order & { type: "order" })
  | (System & { type: "system" })
  | (Unavailable & { type: "unavailable" })
  | (UnknownContent & { type: "unknown" });

/** A message was taken back. */
export interface Deleted {
  /** The bare id of the message that was taken back. */
  target_message_id: string | null;
  /** By whom. */
  by: Identity | null;
  /** Where. */
  chat: Chat | null;
}

/** The request that brought an event. */
export interface DeliveryInfo {
  /** Our id of it. */
  id: string;
  /** What makes two deliveries the same. */
  key: string;
  /** Where that key was found. */
  key_source: KeySource;
  /** The provider's own id of it. */
  provider_id: string | null;
  /** Whether another body arrived under the same key. */
  conflict: boolean;
}

/** Which way a message went. */
export type Direction = "inbound" | "outbound" | "unknown" | (string & {});

/** A message was changed. */
export interface Edited {
  /** The bare id of the message that was changed. */
  target_message_id: string | null;
  /** What it says now. */
  content: Content;
  /** What it said before. */
  previous_text: string | null;
  /** Where. */
  chat: Chat | null;
}

/** What happened to a group. */
export type GroupAction = "joined" | "left" | "updated" | "unknown" | (string & {});

/** A group changed, or the account joined or left it. */
export interface GroupUpdate {
  /** The group's address. */
  group_id: string | null;
  /** What happened. */
  action: GroupAction;
  /** Its name, where it was sent. */
  subject: string | null;
  /** Its description, where it was sent. */
  description: string | null;
}

/** Somebody. Everything is optional, at least one field is set; a hidden id never becomes a phone number. */
export interface Identity {
  /** E.164 with `+`. */
  phone: string | null;
  /** WhatsApp address, without a device part. */
  jid: string | null;
  /** Hidden id, `…@lid`. */
  lid: string | null;
  /** Business-scoped user id of Meta. */
  bsuid: string | null;
  /** Username. */
  username: string | null;
  /** Display name, as the person or the address book has it. */
  name: string | null;
  /** The text as sent. */
  raw: string | null;
}

/** A choice. */
export interface Interactive {
  /** From what it was chosen. */
  reply_type: ReplyType;
  /** The id of the choice. */
  reply_id: string | null;
  /** Its text. */
  title: string | null;
  /** The answers of a form, as the provider sent them. */
  response: { [key: string]: unknown } | null;
}

/** Where a delivery key was found. */
export type KeySource = "header" | "body" | "digest" | "unknown" | (string & {});

/** What an event is about. */
export type Kind = "message.received" | "message.sent" | "message.status" | "message.reaction" | "message.edited" | "message.deleted" | "poll.vote" | "call" | "presence" | "group.participants" | "group.updated" | "chat.updated" | "contact.updated" | "label.updated" | "template.status" | "order.updated" | "calendar.response" | "account.updated" | "session.status" | "other" | "unknown" | "malformed" | (string & {});

/** What happened to a label. */
export type LabelAction = "upserted" | "deleted" | "assigned" | "unassigned" | "unknown" | (string & {});

/** A label, or its place on a chat, changed. */
export interface LabelUpdate {
  /** The label's id. */
  label_id: string | null;
  /** What happened. */
  action: LabelAction;
  /** The label's name. */
  name: string | null;
  /** The chat that it was put on or taken from. */
  chat_id: string | null;
}

/** A place. */
export interface Location {
  /** Degrees. */
  latitude: number | null;
  /** Degrees. */
  longitude: number | null;
  /** Its name. */
  name: string | null;
  /** Its address. */
  address: string | null;
  /** A link. */
  url: string | null;
  /** Whether it moves. */
  live: boolean | null;
}

/** What is wrong, and where; never a piece of the payload. */
export interface MalformedData {
  /** `cut`, `not_utf8`, `shape` or `syntax`. */
  error: string;
  /** Line, from 1; 0 if unknown. */
  line: number;
  /** Column, from 1; 0 if unknown. */
  column: number;
  /** The way to the value, such as `payload.media.url`; may be empty. */
  path: string;
}

/** A file, by reference: nothing is fetched. */
export interface Media {
  /** The provider's id of it. */
  id: string | null;
  /** Where it is; may need the provider's credentials and may expire within minutes. */
  url: string | null;
  /** Media type. */
  mime_type: string | null;
  /** File name. */
  filename: string | null;
  /** Size in bytes. */
  size: number | null;
  /** SHA-256, as the provider writes it. */
  sha256: string | null;
  /** When the URL stops working. */
  expires_at: string | null;
  /** Why it could not be fetched by the provider. */
  error: string | null;
}

/** A file with an optional text. */
export interface MediaContent {
  /** The text below it. */
  caption: string | null;
  /** The file. */
  media: Media;
}

/** A message, in either direction. */
export interface Message {
  /** The provider's id of it, bare; never null if one was sent. */
  message_id: string | null;
  /** Which way it went. */
  direction: Direction;
  /** Where it was said. */
  chat: Chat | null;
  /** Who said it. */
  sender: Identity | null;
  /** To whom. */
  recipient: Identity | null;
  /** By which means it was written. */
  origin: Origin;
  /** What it says. */
  content: Content;
  /** What it answers. */
  reply_to: ReplyTo | null;
  /** Whether it was forwarded; null where the provider does not tell. */
  forwarded: boolean | null;
}

/** How far a message has come. */
export type MessageState = "queued" | "sending" | "sent" | "delivered" | "read" | "played" | "failed" | "deleted" | "unknown" | (string & {});

/** Where the name of an event was found. */
export type NameSource = "body" | "header" | "declared" | "guessed" | "unknown" | (string & {});

/** An order. */
export interface Order {
  /** The provider's id of it. */
  order_id: string | null;
  /** What is ordered. */
  items: OrderItem[];
}

/** One line of an order. */
export interface OrderItem {
  /** The seller's id of the product. */
  product_id: string | null;
  /** The product's name. */
  name: string | null;
  /** How many. */
  quantity: number | null;
  /** Price of one, as the provider writes it. */
  price: string | null;
  /** Currency code. */
  currency: string | null;
}

/** An order or its payment changed. */
export interface OrderUpdate {
  /** The provider's id of it. */
  order_id: string | null;
  /** The provider's own word for its state. */
  status: string | null;
}

/** By which means a message was written. */
export type Origin = "contact" | "api" | "app" | "unknown" | (string & {});

/** Nothing: what there is to know is in `name` and `raw`. */
export interface OtherData {
}

/** Somebody came to a group, left it, or changed role. */
export interface Participants {
  /** The group's address. */
  group_id: string | null;
  /** What happened. */
  action: ParticipantsAction;
  /** To whom. */
  participants: Identity[];
  /** By whom. */
  actor: Identity | null;
}

/** What happened to participants. */
export type ParticipantsAction = "join" | "leave" | "promote" | "demote" | "join_requested" | "request_rejected" | "request_revoked" | "unknown" | (string & {});

/** A poll. */
export interface Poll {
  /** The question. */
  name: string | null;
  /** The choices. */
  options: string[];
  /** How many may be chosen; null or 0 for any number. */
  selectable_count: number | null;
}

/** A vote in a poll: the whole set of options now chosen. */
export interface PollVote {
  /** The bare id of the poll's message. */
  poll_message_id: string | null;
  /** What is chosen now. */
  options: string[];
  /** Who voted. */
  voter: Identity | null;
  /** Whether the vote could not be read. */
  failed: boolean;
  /** Where. */
  chat: Chat | null;
}

/** What one person does. */
export interface Presence {
  /** Who. */
  who: Identity | null;
  /** What. */
  state: PresenceState;
  /** When the person was last there. */
  last_seen: string | null;
}

/** What a person does. */
export type PresenceState = "online" | "offline" | "typing" | "recording" | "paused" | "unknown" | (string & {});

/** Who is there, or typing. */
export interface PresenceUpdate {
  /** Where. */
  chat: Chat | null;
  /** Who does what. */
  presences: Presence[];
}

/** A reaction to a message. */
export interface Reaction {
  /** The bare id of the message reacted to. */
  target_message_id: string | null;
  /** The emoji; null if the reaction was taken back. */
  emoji: string | null;
  /** Whether it was taken back. */
  removed: boolean;
  /** Who reacted. */
  sender: Identity | null;
  /** Where. */
  chat: Chat | null;
}

/** The message that is answered. */
export interface ReplyTo {
  /** Its bare id. */
  message_id: string | null;
  /** Who wrote it. */
  sender: Identity | null;
  /** Its text. */
  text: string | null;
}

/** From what a contact chose. */
export type ReplyType = "button" | "list" | "flow" | "unknown" | (string & {});

/** The state of a linked device or channel. */
export type SessionState = "connected" | "connecting" | "qr" | "degraded" | "disconnected" | "logged_out" | "failed" | "stopped" | "unknown" | (string & {});

/** The state of the linked device or channel. */
export interface SessionStatus {
  /** The neutral word. */
  state: SessionState;
  /** The provider's own word. */
  raw_state: string | null;
  /** Why. */
  reason: string | null;
  /**
   * Whether something that happened later came earlier from this account: then it is news of the past, and not the
   * session's state. Told where an inbox remembers what came; null elsewhere.
   */
  late: boolean | null;
}

/** Why a message failed. */
export interface StatusError {
  /** The provider's code. */
  code: string | null;
  /** A short text. */
  title: string | null;
  /** A long text. */
  detail: string | null;
}

/** How far a message has come. */
export interface StatusUpdate {
  /** The message's bare id. */
  message_id: string | null;
  /** How far. */
  state: MessageState;
  /** The provider's own word or number for it. */
  raw_state: string | null;
  /** Whose device said so. */
  recipient: Identity | null;
  /** Where the message was said. */
  chat: Chat | null;
  /** Why it failed. */
  errors: StatusError[];
}

/** Something that WhatsApp itself says. */
export interface System {
  /** The provider's name for what happened. */
  subtype: string | null;
  /** Its text. */
  text: string | null;
}

/** A template. */
export interface Template {
  /** Its name. */
  name: string | null;
  /** Its language, such as `pt_BR`. */
  language: string | null;
}

/** A message template changed its state. */
export interface TemplateStatus {
  /** The provider's id of it. */
  template_id: string | null;
  /** Its name. */
  name: string | null;
  /** Its state in lower case, such as `approved`. */
  state: string | null;
  /** Why. */
  reason: string | null;
}

/** Text. */
export interface TextContent {
  /** The text; null where the provider leaves it out. */
  text: string | null;
}

/** Where the time of an event was found. */
export type TimeSource = "payload" | "header" | "none" | (string & {});

/** Content that was not handed out. */
export interface Unavailable {
  /** Why: `not_decrypted`, `withheld`, `waiting`, or the provider's own word. */
  reason: string | null;
}

/** A type without a neutral name. */
export interface UnknownContent {
  /** The provider's name for it. */
  raw_type: string | null;
}
