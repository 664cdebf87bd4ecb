import { lazy, useState } from "react";
import { useSession } from "../../auth/session";
import { type OidcSignIn, useConfig } from "../../config";
import { useWords } from "../../text";
import { useProgramme } from "../../ui/programme";
import { State } from "../../ui/states";

const Chooser = lazy(() => import("./chooser"));

/** What stands in place of a view until somebody is signed in; the address stays as it is. */
export function SignIn() {
  const { t } = useWords();
  const { signIn } = useConfig();
  const { expired } = useSession();
  if (signIn.kind === "sandbox") return <Chooser />;
  const title = expired ? t.problems.codes.unauthenticated : t.signIn.title;
  return (
    <State icon="lock" level={1} title={title} action={<SignInButton config={signIn} />}>
      {t.signIn.text}
    </State>
  );
}

/** Leaves for the issuer's page, and comes back to this address. */
export function SignInButton({ config }: { config: OidcSignIn }) {
  const { t } = useWords();
  const { brand } = useProgramme();
  const [state, setState] = useState<"ready" | "leaving" | "failed">("ready");
  const leave = async () => {
    setState("leaving");
    try {
      const { begin } = await import("../../auth/oidc");
      await begin(config, `${location.pathname}${location.search}`);
    } catch {
      setState("failed");
    }
  };
  const action = brand ? t.signIn.actionTo({ brand }) : t.signIn.action;
  return (
    <>
      <button
        type="button"
        className="button button-primary"
        disabled={state === "leaving"}
        onClick={leave}
      >
        {state === "leaving" ? t.signIn.working : action}
      </button>
      {state === "failed" && (
        <p className="field-error" role="alert">
          {t.problems.codes.offline}
        </p>
      )}
    </>
  );
}
