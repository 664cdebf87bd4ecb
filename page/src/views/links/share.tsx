import type { Schemas } from "../../api/client";
import { benefit } from "../../landing/benefit";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "../../ui/menu";
import { say } from "../../ui/toasts";
import { asOneText, SHARE_TARGETS, type Shareable } from "./share-targets";

/** The classes of a button with a picture only. */
export const ICON_BUTTON = "button button-quiet button-icon";

type Link = Pick<Schemas["Link"], "url" | "sharedCommission">;

/** The message for a link: with the benefit, where the link shares something. */
function useShareable({ url, sharedCommission }: Link): Shareable {
  const { t, f } = useWords();
  const headline = benefit(sharedCommission, t.benefit, f.percent);
  return { url, text: headline ? t.sharing.message({ headline }) : t.sharing.messagePlain };
}

interface Props {
  link: Link;
  /** The link's name, where the button has room for a picture only. */
  name?: string;
}

/** Messengers and e-mail, and the system's own way to share where it has one. */
export function Share({ link, name }: Props) {
  const { t } = useWords();
  const words = t.sharing;
  const shareable = useShareable(link);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(asOneText(shareable));
      say(t.common.copied);
    } catch {
      say(t.problems.title, "bad");
    }
  };
  // Closing the system's window is no failure.
  const shareBySystem = () => navigator.share(shareable).catch(() => {});
  return (
    <Menu
      button={
        <>
          <Icon name="share" />
          {!name && words.share}
        </>
      }
      {...(name && { label: words.shareOf({ name }), className: ICON_BUTTON })}
    >
      {(["telegram", "whatsapp", "x", "mail"] as const).map((target) => (
        <MenuLink key={target} href={SHARE_TARGETS[target](shareable)}>
          {words[target]}
        </MenuLink>
      ))}
      <MenuSeparator />
      <MenuItem icon="copy" onClick={copy}>
        {words.copyMessage}
      </MenuItem>
      {typeof navigator.share === "function" && (
        <MenuItem icon="share" onClick={shareBySystem}>
          {words.more}
        </MenuItem>
      )}
    </Menu>
  );
}
