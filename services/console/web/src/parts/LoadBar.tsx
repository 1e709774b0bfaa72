/** A number as a bar beside it: the number is the text, so that the bar says nothing to screen readers. */
export function LoadBar({ value, most, part }: { value: number; most: number; part?: number }) {
  const w = (n: number) => (most > 0 ? (n / most) * 118 : 0);
  return (
    <svg aria-hidden="true" height="14" viewBox="0 0 120 14" width="120">
      <rect fill="#fff" height="12" stroke="#1c4e80" width={w(value)} x="1" y="1" />
      <rect fill="#1c4e80" height="12" width={w(part ?? value)} x="1" y="1" />
    </svg>
  );
}
