import type { Menu as BaseMenu } from "@base-ui/react/menu";
import { createContext, type ReactNode, useContext, useRef, useState } from "react";
import { useWords } from "../text";
import { Icon, type IconName } from "./icons";
import { late, useLate } from "./late";
import { say } from "./toasts";

type Parts = typeof BaseMenu;

const parts = late(async () => (await import("@base-ui/react/menu")).Menu);

/** The library's parts, for what is inside an open menu. */
const PartsContext = createContext<Parts | null>(null);

function useMenuParts(): Parts {
  const Base = useContext(PartsContext);
  if (!Base) throw new Error("a menu's item outside of a menu");
  return Base;
}

interface Props {
  /** The button's content. */
  button: ReactNode;
  className?: string;
  /** The button's name, where its content is no text. */
  label?: string;
  disabled?: boolean;
  children: ReactNode;
}

/**
 * A button with a list of actions, whose code is loaded when the button is pointed at. The library's
 * button takes the place of the page's own at the first use and not before: a button that is replaced
 * under the pointer or in focus loses the click, or the focus.
 */
export function Menu({ button, className = "button", label, disabled = false, children }: Props) {
  const { t } = useWords();
  const { code: Base, prepare, load } = useLate(parts);
  const [isUsed, setUsed] = useState(false);
  const [isOpen, setOpen] = useState(false);
  // Beside its button, so that it is inside the same landmark.
  const place = useRef<HTMLSpanElement>(null);
  const open = () =>
    load().then(
      () => {
        setUsed(true);
        setOpen(true);
      },
      () => say(t.problems.partMissing, "bad"),
    );
  if (!Base || !isUsed) {
    return (
      <span className="menu-place" ref={place}>
        <button
          type="button"
          className={className}
          aria-label={label}
          aria-haspopup="menu"
          aria-expanded={false}
          disabled={disabled}
          onPointerEnter={prepare}
          onFocus={prepare}
          onClick={open}
        >
          {button}
        </button>
      </span>
    );
  }
  return (
    <span className="menu-place" ref={place}>
      <Base.Root open={isOpen} onOpenChange={setOpen}>
        <Base.Trigger className={className} aria-label={label} disabled={disabled}>
          {button}
        </Base.Trigger>
        <Base.Portal container={place}>
          <Base.Positioner
            className="menu-positioner"
            positionMethod="fixed"
            sideOffset={6}
            align="end"
          >
            <Base.Popup className="menu">
              <PartsContext value={Base}>{children}</PartsContext>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </span>
  );
}

interface ItemProps {
  icon?: IconName;
  onClick: () => void;
  disabled?: boolean;
  children: ReactNode;
}

export function MenuItem({ icon, onClick, disabled = false, children }: ItemProps) {
  const Base = useMenuParts();
  return (
    <Base.Item className="menu-item" onClick={onClick} disabled={disabled}>
      {icon && <Icon name={icon} />}
      {children}
    </Base.Item>
  );
}

/** An item that opens another site or program. */
export function MenuLink({ href, children }: { href: string; children: ReactNode }) {
  const Base = useMenuParts();
  return (
    <Base.LinkItem className="menu-item" href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </Base.LinkItem>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  /** `lang` is the language of a text that is not in the page's language. */
  choices: readonly { value: Value; text: string; lang?: string }[];
  onChange: (value: Value) => void;
}

/** Choices inside a menu, of which one holds. */
export function MenuChoice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, value, choices, onChange } = props;
  const Base = useMenuParts();
  return (
    <Base.Group>
      <Base.GroupLabel className="menu-label">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next: Value) => onChange(next)}>
        {choices.map((choice) => (
          <Base.RadioItem className="menu-item" key={choice.value} value={choice.value}>
            <span lang={choice.lang}>{choice.text}</span>
            <Base.RadioItemIndicator className="menu-check">
              <Icon name="check" />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export function MenuSeparator() {
  const Base = useMenuParts();
  return <Base.Separator className="menu-separator" />;
}
