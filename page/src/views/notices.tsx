import type { Schemas } from "../api/client";
import { useWords } from "../text";
import { Icon } from "../ui/icons";

/** The operator's stops that concern the user. */
export function Notices({ notices }: { notices: Schemas["Notice"][] }) {
  const { t, f } = useWords();
  // A newer API may have a code that this page does not know.
  const known = notices.filter(({ code }) => code in t.notices);
  return known.map(({ code, since, link = "" }) => (
    <p className="notice" role="status" key={`${code} ${link}`}>
      <Icon name="warn" />
      {t.notices[code]({ since: f.instant(since), link })}
    </p>
  ));
}
