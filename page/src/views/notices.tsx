import type { Schemas } from "../api/client";
import { useWords } from "../text";
import { Icon } from "../ui/icons";

/** What the operator of the programme has stopped, as far as it concerns the reader. */
export function Notices({ notices }: { notices: Schemas["Notice"][] }) {
  const { t, f } = useWords();
  return notices.map(({ code, since, link = "" }) => (
    <p className="notice" role="status" key={`${code} ${link}`}>
      <Icon name="warn" />
      {t.notices[code]({ since: f.instant(since), link })}
    </p>
  ));
}
