interface Props {
  href: string;
  text: string;
}

/** A link to a page outside of the programme, such as its terms, in a new tab. */
export function OutsideLink({ href, text }: Props) {
  return (
    <a className="link" href={href} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}
