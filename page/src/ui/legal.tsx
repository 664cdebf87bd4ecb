import { useWords } from "../text";
import { useProgramme } from "./programme";

/** The programme's own pages, as far as its file names them. */
export function Legal({ className = "legal" }: { className?: string }) {
  const { t } = useWords();
  const programme = useProgramme();
  const pages = (["terms", "privacy", "support"] as const).filter((page) => programme[page]);
  if (pages.length === 0) return null;
  return (
    <nav className={className} aria-label={t.legal.label}>
      {pages.map((page) => (
        <a
          className="link"
          key={page}
          href={programme[page] ?? undefined}
          target="_blank"
          rel="noopener noreferrer"
        >
          {t.legal[page]}
        </a>
      ))}
    </nav>
  );
}
