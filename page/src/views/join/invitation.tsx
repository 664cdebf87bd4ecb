import { useState } from "react";
import { ApiError, type Schemas } from "../../api/client";
import { useBind, useWindow } from "../../api/queries";
import { useWords } from "../../text";
import { Failed, Skeleton, State, sentence } from "../../ui/states";
import { useTitle } from "../../ui/title";
import { Bound } from "./bound";
import { ConfirmationWindow } from "./confirmation-window";
import { Refused, RefusedByName } from "./refused";

/** From the opened link to the decision, and what came of it. */
export default function Invitation({ code }: { code: string }) {
  const { t } = useWords();
  const window = useWindow(code);
  const bind = useBind();
  const [closed, setClosed] = useState(false);
  const [notice, setNotice] = useState<string>();

  if (bind.data) return <Bound binding={bind.data} />;
  if (bind.error instanceof ApiError && isRefusal(bind.error)) {
    return (
      <Refused code={code} checks={bind.error.body.checks} from={bind.error.body.eligibleFrom} />
    );
  }
  if (window.isPending) return <Skeleton tall lines={4} />;
  if (window.isError) {
    if (window.error instanceof ApiError && window.error.failure === "unknown_link") {
      return <RefusedByName reason="unknown_link" />;
    }
    return <Failed error={window.error} retry={() => window.refetch()} />;
  }
  if (!window.data.eligible) {
    return <Refused code={code} checks={window.data.checks} from={window.data.eligibleFrom} />;
  }

  const eligible = window.data;
  const decide = () =>
    bind.mutate(eligible.confirmation, {
      onError: async (error) => {
        setNotice(sentence(error, t));
        // An expired window is reloaded, and says so.
        if (error instanceof ApiError && error.failure.startsWith("confirmation_")) {
          await window.refetch();
          setNotice(t.join.window.renewed);
        }
      },
    });
  return (
    <>
      <Open closed={closed} reopen={() => setClosed(false)} />
      <ConfirmationWindow
        open={!closed}
        window={eligible}
        notice={notice}
        busy={bind.isPending}
        bind={decide}
        close={() => setClosed(true)}
      />
    </>
  );
}

type RefusalError = ApiError & { body: Schemas["BindRefusal"] };

function isRefusal(error: ApiError): error is RefusalError {
  return error.body !== undefined && "checks" in error.body;
}

/** The invitation itself, behind the window and after it is closed. */
function Open({ closed, reopen }: { closed: boolean; reopen: () => void }) {
  const { t } = useWords();
  useTitle(t.join.title);
  const action = (
    <button type="button" className="button button-primary" onClick={reopen}>
      {t.join.reopen}
    </button>
  );
  return (
    <State icon="mail" level={1} title={t.join.title} action={action}>
      <p role={closed ? "status" : undefined}>{closed ? t.join.closed : t.join.review}</p>
    </State>
  );
}
