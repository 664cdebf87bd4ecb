import type { Days } from "../format/range";
import { useWords } from "../text";
import { Icon } from "../ui/icons";
import { sentence } from "../ui/states";

interface Props {
  error: unknown;
  wanted: Days | undefined;
  shown: Days;
  retry: () => void;
}

/** The figures of another range are on the screen, because those of the chosen one did not come. */
export function StillShowing({ error, wanted, shown, retry }: Props) {
  const { t, f } = useWords();
  const is = f.days(shown);
  return (
    <div className="notice notice-bad" role="alert">
      <Icon name="warn" />
      <p>
        <b>
          {wanted
            ? t.problems.stillShowing({ wanted: f.days(wanted), shown: is })
            : t.problems.lastShown({ shown: is })}
        </b>{" "}
        {sentence(error, t)}
      </p>
      <button type="button" className="button button-small" onClick={retry}>
        {t.common.retry}
      </button>
    </div>
  );
}
