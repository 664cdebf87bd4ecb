/** An event of a calendar file (RFC 5545). */
export interface Reminder {
  /** The event's identity: the same reminder added twice stays one. */
  id: string;
  at: string;
  title: string;
  text: string;
  url: string;
}

const DURATION_MS = 15 * 60_000;
const MAX_OCTETS = 75;

/** Returns a calendar with one event, which rings when it begins. */
export function calendarOf({ id, at, title, text, url }: Reminder, now: number): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//recall//invitation//EN",
    "BEGIN:VEVENT",
    `UID:${escaped(id)}`,
    `DTSTAMP:${instant(now)}`,
    `DTSTART:${instant(Date.parse(at))}`,
    `DTEND:${instant(Date.parse(at) + DURATION_MS)}`,
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(text)}`,
    `URL:${url}`,
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:PT0S",
    `DESCRIPTION:${escaped(title)}`,
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return `${lines.map(folded).join("\r\n")}\r\n`;
}

/** Returns the first full minute from the instant on: at 20:04:51 it is not 20:04 any more. */
export function nextMinute(at: string): string {
  const MINUTE_MS = 60_000;
  return new Date(Math.ceil(Date.parse(at) / MINUTE_MS) * MINUTE_MS).toISOString();
}

function instant(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");
}

/** Lines have at most 75 octets; a longer one goes on after a break and a space. */
function folded(line: string): string {
  const octets = new TextEncoder();
  let length = 0;
  let out = "";
  for (const character of line) {
    const size = octets.encode(character).length;
    if (length + size > MAX_OCTETS) {
      out += "\r\n ";
      length = 1;
    }
    out += character;
    length += size;
  }
  return out;
}
