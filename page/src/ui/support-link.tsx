interface Props {
  href: string;
  text: string;
}

/** A link to the support page that the programme's file names. */
export function SupportLink({ href, text }: Props) {
  return (
    <a className="link" href={href} target="_blank" rel="noopener noreferrer">
      {text}
    </a>
  );
}
