import { useState } from "react";
import { useLocation } from "wouter";
import { signOut, useSession } from "./auth/session";
import { useConfig } from "./config";
import { LANGUAGE_CHOICES, useWords } from "./text";
import { Icon } from "./ui/icons";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "./ui/menu";
import { chooseTheme, chosenTheme } from "./ui/theme";

/** Who is signed in; language and appearance; the way out. */
export function UserMenu() {
  const { t, f, choose } = useWords();
  const { user } = useSession();
  const { signIn } = useConfig();
  const [, navigate] = useLocation();
  const [theme, setTheme] = useState(chosenTheme);
  const button = (
    <>
      <Icon name="person" />
      {user && <span className="user-id ltr">{user.uid}</span>}
      <Icon name="down" />
    </>
  );
  return (
    <Menu
      button={button}
      className="button button-quiet user-menu"
      label={user ? t.account.signedInAs({ uid: user.uid }) : `${t.language}, ${t.theme.label}`}
    >
      <MenuChoice
        label={t.language}
        value={f.language}
        choices={LANGUAGE_CHOICES}
        onChange={choose}
      />
      <MenuSeparator />
      <MenuChoice
        label={t.theme.label}
        value={theme}
        choices={(["auto", "light", "dark"] as const).map((value) => ({
          value,
          text: t.theme[value],
        }))}
        onChange={(next) => {
          setTheme(next);
          chooseTheme(next);
        }}
      />
      {user && (
        <>
          <MenuSeparator />
          <MenuItem icon="person" onClick={() => navigate("/inviter")}>
            {t.nav.inviter}
          </MenuItem>
          <MenuItem icon="lock" onClick={signOut}>
            {signIn.kind === "sandbox" ? t.account.switchUser : t.account.signOut}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
