import { useEffect, useRef } from "react";
import { useConfig } from "../../config";
import { invitationOf } from "../../landing/invitation";
import { drawLanding } from "../../landing/landing";
import { beginSignIn } from "../../landing/sign-in";
import { useWords } from "../../text";
import { loadLanding } from "../../text/landing";

/** The landing inside the application: for whoever signs out at an invitation. */
export default function LandingHost({ code }: { code: string | null }) {
  const { f } = useWords();
  const config = useConfig();
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const drawn = document.createElement("div");
    host.current?.replaceChildren(drawn);
    const invitation = code ? invitationOf(code) : null;
    void loadLanding(f.language).then(({ texts }) =>
      drawLanding(drawn, {
        texts,
        formats: f,
        invitation,
        signIn: () => beginSignIn(config, async () => {}),
      }),
    );
  }, [f, config, code]);
  return <div ref={host} />;
}
