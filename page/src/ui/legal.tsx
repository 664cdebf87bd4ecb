import { useWords } from "../text";
import { OutsideLink } from "./outside-link";
import { useProgramme } from "./programme";

/** The programme's own pages, as far as its file names them. */
export function Legal({ className = "legal" }: { className?: string }) {
  const { t } = useWords();
  const programme = useProgramme();
  const pages = (["terms", "privacy", "support"] as const).flatMap((page) => {
    const href = programme[page];
    return href ? [<OutsideLink key={page} href={href} text={t.legal[page]} />] : [];
  });
  if (pages.length === 0) return null;
  return (
    <nav className={className} aria-label={t.legal.label}>
      {pages}
    </nav>
  );
}
