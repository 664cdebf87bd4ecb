import { lazy, Suspense } from "react";
import { useSearch } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import { useSession } from "../../auth/session";
import { codeIn } from "../../landing/invitation";
import { isSigningIn } from "../../landing/sign-in";
import { Skeleton } from "../../ui/states";
import { SignIn } from "../sign-in/sign-in";

const Invitation = lazy(() => import("./invitation"));
const LandingHost = lazy(() => import("./landing-host"));

/** `/join?ref=CODE`, the address that an invitee opens. */
export function Join() {
  const { user, expired } = useSession();
  const signingIn = isSigningIn(useHistoryState());
  const code = codeIn(useSearch());
  if (code && !user && (signingIn || expired)) return <SignIn />;
  return (
    <Suspense fallback={<Skeleton tall />}>
      {user && code ? <Invitation code={code} /> : <LandingHost code={code} />}
    </Suspense>
  );
}
