import { Suspense } from "react";
import { Link, Redirect, Route, Switch, useLocation, useSearchParams } from "wouter";
import { useMembership } from "./api/membership";
import { useSession } from "./auth/session";
import { useConfig } from "./config";
import { carried } from "./format/range";
import { type Texts, useWords } from "./text";
import { Boundary } from "./ui/boundary";
import { Icon, type IconName } from "./ui/icons";
import { Legal } from "./ui/legal";
import { OfflineNote } from "./ui/online";
import { useBrand } from "./ui/programme";
import { Skeleton, State } from "./ui/states";
import { useTitle } from "./ui/title";
import { view } from "./ui/view";
import { UserMenu } from "./user-menu";
import { Home } from "./views/home";
import { SignIn } from "./views/sign-in/sign-in";
import {
  Dashboard,
  Invitees,
  Inviter,
  Join,
  Lines,
  Links,
  preloadView,
  SignedIn,
} from "./views/views";

const SandboxBar = view(() => import("./sandbox-bar"));

/** The views that the navigation leads to: address, picture, name. */
function placesOf(t: Texts): [string, IconName, string][] {
  return [
    ["/", "home", t.nav.overview],
    ["/links", "link", t.nav.links],
    ["/dashboard", "chart", t.nav.dashboard],
    ["/invitees", "people", t.nav.invitees],
    ["/earnings", "lines", t.nav.lines],
    ["/inviter", "person", t.nav.inviter],
  ];
}

/** Names the views of the navigation; the others name themselves. */
function usePlaceTitle() {
  const { t } = useWords();
  const { user } = useSession();
  const [path] = useLocation();
  const place = placesOf(t).find(([address]) => address === path);
  useTitle(place && (user ? place[2] : t.signIn.title));
}

/** The views that lead somewhere for this user. */
function usePlaces(): ReturnType<typeof placesOf> {
  const { t } = useWords();
  const { user } = useSession();
  const [path] = useLocation();
  const membership = useMembership(user !== null);
  const inviter = placesOf(t).filter(([address]) => address === "/inviter");
  // An affiliate seldom has an inviter, who is in the user's menu.
  const others = placesOf(t).filter(([address]) => address !== "/inviter");
  switch (membership) {
    case "affiliate":
      return others;
    case "former":
      return others.filter(([address]) => address !== "/links");
    case "outsider":
      return inviter;
    case "unknown":
      // Invitees come to these two views: no tab appears there that may have to go.
      return path === "/join" || path === "/inviter" ? inviter : others;
  }
}

/** What stands around every view. */
export function Shell() {
  const { t } = useWords();
  usePlaceTitle();
  const brand = useBrand();
  const { user } = useSession();
  const { signIn } = useConfig();
  const [path] = useLocation();
  return (
    <div className={`shell${user ? " shell-nav" : ""}`}>
      <a className="skip" href="#main">
        {t.skip}
      </a>
      <header className="top">
        <Link className="brand" href="/">
          <img src="/icon.svg" alt="" width="28" height="28" />
          <span>{brand}</span>
        </Link>
        {user && <Navigation />}
        <UserMenu />
      </header>
      <main className="main" id="main" tabIndex={-1}>
        <OfflineNote />
        <Boundary texts={t} resetKey={path}>
          <Suspense fallback={<Skeleton tall />}>
            <Views />
          </Suspense>
        </Boundary>
      </main>
      {/* An invitation has these links where it is decided. */}
      {path !== "/join" && <Legal className="legal legal-foot" />}
      {signIn.kind === "sandbox" && user && (
        <Boundary texts={t} fallback={null}>
          <Suspense>
            <SandboxBar />
          </Suspense>
        </Boundary>
      )}
    </div>
  );
}

function Navigation() {
  const { t } = useWords();
  const [path] = useLocation();
  const [query] = useSearchParams();
  return (
    <nav className="nav" aria-label={t.nav.label}>
      {usePlaces().map(([href, icon, text]) => (
        <Link
          className="nav-item"
          key={href}
          href={`${href}${carried(query)}`}
          onPointerEnter={() => preloadView(href)}
          onFocus={() => preloadView(href)}
          aria-current={path === href ? "page" : undefined}
        >
          <Icon name={icon} />
          <span>{text}</span>
        </Link>
      ))}
    </nav>
  );
}

function Views() {
  const { user } = useSession();
  return (
    <Switch>
      <Route path="/join" component={Join} />
      <Route path="/signed-in" component={SignedIn} />
      <Route path="/" component={user ? Home : SignIn} />
      <Route path="/links" component={user ? Links : SignIn} />
      <Route path="/dashboard" component={user ? Dashboard : SignIn} />
      <Route path="/invitees" component={user ? Invitees : SignIn} />
      <Route path="/earnings" component={user ? Lines : SignIn} />
      <Route path="/lines">
        <Redirect to={`/earnings${location.search}`} replace />
      </Route>
      <Route path="/inviter" component={user ? Inviter : SignIn} />
      <Route component={Missing} />
    </Switch>
  );
}

function Missing() {
  const { t } = useWords();
  useTitle(t.problems.pageMissing);
  const home = (
    <Link className="button" href="/">
      {t.problems.home}
    </Link>
  );
  return (
    <State icon="search" level={1} title={t.problems.pageMissing} action={home}>
      {t.problems.pageMissingText}
    </State>
  );
}
