import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { clock, nextDay } from "./auth/sandbox";
import { useWords } from "./text";
import { Icon } from "./ui/icons";
import { say } from "./ui/toasts";

/** The sandbox's clock, and a button that lets a day pass. */
export default function SandboxBar() {
  const { t, f } = useWords();
  const cache = useQueryClient();
  const now = useQuery({ queryKey: ["clock"], queryFn: clock });
  const pass = useMutation({
    mutationFn: nextDay,
    onSuccess: (day) => {
      say(t.sandbox.passed({ day: f.day(day) }));
      return cache.invalidateQueries();
    },
    onError: () => say(t.problems.codes.internal, "bad"),
  });
  return (
    <aside className="sandbox" aria-label={t.sandbox.label}>
      <span className="badge badge-sandbox">{t.sandbox.label}</span>
      <span>{now.data ? t.sandbox.clock({ instant: f.utcInstant(now.data) }) : " "}</span>
      <button
        type="button"
        className="button button-small"
        title={t.sandbox.nextDayHelp}
        disabled={pass.isPending}
        onClick={() => pass.mutate()}
      >
        <Icon name="clock" />
        {pass.isPending ? t.sandbox.passing : t.sandbox.nextDay}
      </button>
    </aside>
  );
}
