import { useState } from "react";
import { Link } from "wouter";
import { ApiError, type Schemas } from "../../api/client";
import { useBind, useBinding, useWindow } from "../../api/queries";
import { useWords } from "../../text";
import { Failed, Skeleton, State, sentence } from "../../ui/states";
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
        // A window that is no longer good is opened anew, and it says so.
        if (error instanceof ApiError && error.failure.startsWith("confirmation_")) {
          await window.refetch();
          setNotice(t.join.window.renewed);
        }
      },
    });
  return (
    <>
      {closed && <Closed reopen={() => setClosed(false)} />}
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

function Closed({ reopen }: { reopen: () => void }) {
  const { t } = useWords();
  const action = (
    <button type="button" className="button" onClick={reopen}>
      {t.join.reopen}
    </button>
  );
  return (
    <State icon="mail" level={1} title={t.join.title} action={action}>
      {t.join.closed}
    </State>
  );
}

function Bound({ binding }: { binding: Schemas["Binding"] }) {
  const { t } = useWords();
  // Reads what "my inviter" will show, while the good news is read.
  useBinding();
  const action = (
    <Link className="button button-primary" href="/inviter">
      {t.join.seeInviter}
    </Link>
  );
  return (
    <div role="status">
      <State icon="check" tone="good" level={1} title={t.join.bound} action={action}>
        {t.join.boundText(binding.inviter)}
      </State>
    </div>
  );
}
