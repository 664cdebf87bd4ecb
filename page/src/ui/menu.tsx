import { Menu as Base } from "@base-ui/react/menu";
import { type ReactNode, useRef } from "react";
import { Icon, type IconName } from "./icons";

interface Props {
  /** The button's content. */
  button: ReactNode;
  className?: string;
  /** The button's name, where its content is no text. */
  label?: string;
  disabled?: boolean;
  children: ReactNode;
}

/** A button with a list of actions. */
export function Menu({ button, className = "button", label, disabled = false, children }: Props) {
  // Beside its button, so that it is inside the same landmark.
  const place = useRef<HTMLSpanElement>(null);
  return (
    <span className="menu-place" ref={place}>
      <Base.Root>
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
            <Base.Popup className="menu">{children}</Base.Popup>
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
  return (
    <Base.Item className="menu-item" onClick={onClick} disabled={disabled}>
      {icon && <Icon name={icon} />}
      {children}
    </Base.Item>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  choices: readonly { value: Value; text: string }[];
  onChange: (value: Value) => void;
}

/** Choices inside a menu, of which one holds. */
export function MenuChoice<Value extends string>(props: ChoiceProps<Value>) {
  const { label, value, choices, onChange } = props;
  return (
    <Base.Group>
      <Base.GroupLabel className="menu-label">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next: Value) => onChange(next)}>
        {choices.map((choice) => (
          <Base.RadioItem className="menu-item" key={choice.value} value={choice.value}>
            {choice.text}
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
  return <Base.Separator className="menu-separator" />;
}
