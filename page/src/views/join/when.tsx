import { save } from "../../api/export";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { useBrand } from "../../ui/programme";
import { calendarOf } from "./calendar";

/** From when the user can accept, in local time and UTC, and a reminder for the calendar. */
export function When({ code, from }: { code: string; from: string }) {
  const { t, f } = useWords();
  const brand = useBrand();
  const utc = f.utcInstant(from);
  const local = f.instant(from);
  const isUtc = utc === `${local} UTC`;
  const remind = () => {
    const url = `${location.origin}/join?ref=${code}`;
    const reminder = {
      id: `${code}-${from}@${location.hostname}`,
      at: from,
      title: t.join.reminder({ brand }),
      text: `${t.join.reminderText}\n${url}`,
      url,
    };
    const file = new Blob([calendarOf(reminder, Date.now())], { type: "text/calendar" });
    save(`invitation-${code}.ics`, file);
  };
  return (
    <section className="card when" aria-label={t.join.refusedFrom} data-testid="eligible-from">
      <div>
        <p className="help">{t.join.refusedFrom}</p>
        <p className="when-date">
          <time dateTime={from}>{isUtc ? utc : local}</time>
        </p>
        {!isUtc && <p>{t.join.ownTime({ utc })}</p>}
        <p className="help">{t.join.unlessChanged}</p>
      </div>
      <button type="button" className="button" onClick={remind}>
        <Icon name="calendar" />
        {t.join.remind}
      </button>
    </section>
  );
}
