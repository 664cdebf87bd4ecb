import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { type SampleUsers, sampleUsers, tokenOf } from "../../auth/sandbox";
import { signedIn } from "../../auth/session";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Labelled } from "../../ui/select";
import { Failed, Skeleton } from "../../ui/states";
import { say } from "../../ui/toasts";

interface Choice {
  uid: string;
  name?: string;
  story: string;
  /** What the user opens when chosen; the present view, if there is none. */
  opens?: { address: string; text: string };
}

/** Stands in for the issuer in the sandbox. */
export default function Chooser() {
  const { t } = useWords();
  const users = useQuery({ queryKey: ["users"], queryFn: sampleUsers });
  const [path, navigate] = useLocation();
  const choose = async (uid: string, address?: string) => {
    try {
      signedIn(await tokenOf(uid));
      if (address) navigate(address);
    } catch {
      say(t.problems.codes.offline, "bad");
    }
  };
  return (
    <div className="narrow">
      <h1>{t.signIn.sandboxTitle}</h1>
      <p className="lead">{t.signIn.sandboxText}</p>
      {users.isPending && <Skeleton tall lines={6} />}
      {users.isError && <Failed error={users.error} retry={() => users.refetch()} />}
      {users.data && <Groups users={users.data} atJoin={path === "/join"} choose={choose} />}
      {!users.isPending && <Other choose={choose} />}
    </div>
  );
}

interface GroupsProps {
  users: SampleUsers;
  /** Whoever signs in from an invitation stays at it. */
  atJoin: boolean;
  choose: (uid: string, address?: string) => void;
}

function Groups({ users, atJoin, choose }: GroupsProps) {
  const { t } = useWords();
  if (users.affiliates.length === 0) return <p className="notice">{t.signIn.empty}</p>;
  const opens = (via: string | undefined) => {
    const affiliate = users.affiliates.find((it) => it.uid === via) ?? users.affiliates[0];
    if (atJoin || !affiliate?.code) return {};
    const text = t.signIn.opens({ name: affiliate.name });
    return { opens: { address: `/join?ref=${affiliate.code}`, text } };
  };
  const groups: [string, Choice[]][] = [
    [t.signIn.affiliates, users.affiliates],
    [t.signIn.dormant, users.dormant.map((it) => ({ ...it, ...opens(undefined) }))],
    [
      t.signIn.invitees,
      users.invitees.map((it) =>
        atJoin ? it : { ...it, opens: { address: "/inviter", text: t.nav.inviter } },
      ),
    ],
    [t.signIn.refused, users.refused.map((it) => ({ ...it, ...opens(it.via) }))],
  ];
  return groups.map(([title, choices]) => (
    <section className="choices" key={title} aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {choices.map((choice) => (
          <li key={`${choice.uid} ${choice.story}`}>
            <button
              type="button"
              className="choice"
              onClick={() => choose(choice.uid, choice.opens?.address)}
            >
              <span className="choice-who">
                <b>{choice.name ?? choice.uid}</b>
                {choice.name && <span className="help">{choice.uid}</span>}
              </span>
              <span className="choice-story" lang="en">
                {choice.story}
              </span>
              {choice.opens && <span className="choice-opens">{choice.opens.text}</span>}
              <Icon name="right" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Other({ choose }: { choose: (uid: string) => void }) {
  const { t } = useWords();
  const [uid, setUid] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    choose(uid);
  };
  return (
    <form className="row row-end" onSubmit={submit} aria-label={t.signIn.other}>
      <Labelled label={t.signIn.otherHelp}>
        {(id) => (
          <input
            id={id}
            required
            pattern="[A-Za-z0-9._:\-]{1,64}"
            autoComplete="off"
            value={uid}
            onChange={(event) => setUid(event.target.value)}
          />
        )}
      </Labelled>
      <button type="submit" className="button">
        {t.signIn.go}
      </button>
    </form>
  );
}
