/** A bar of one or two parts. */
export type Bar = { label: string; values: number[] };

const [label, row, wide] = [130, 26, 480];
/** Told apart by lightness as well as by colour. */
const colours = ["#1c4e80", "#8fb3d9"];

/**
 * A bar chart that says in its name what the table beside it holds; the table is
 * the caller's, for readers that no picture tells anything.
 */
export function Bars({ bars, parts, title }: { bars: Bar[]; parts: string[]; title: string }) {
  const sum = (b: Bar) => b.values.reduce((a, v) => a + v, 0);
  const most = Math.max(1, ...bars.map(sum));
  const scale = (v: number) => (v / most) * (wide - label - 50);
  const height = bars.length * row + (parts.length > 1 ? 24 : 4);
  const text = { fill: "#313131", fontSize: 13 } as const;
  return (
    <svg aria-label={`${title}; the table has the numbers`} role="img" viewBox={`0 0 ${wide} ${height}`} width="100%">
      {bars.map((b, i) => {
        const y = i * row;
        let x = label;
        return (
          <g key={b.label}>
            <text {...text} textAnchor="end" x={label - 8} y={y + 17}>
              {b.label.length > 18 ? `${b.label.slice(0, 17)}…` : b.label}
            </text>
            {b.values.map((v, j) => {
              const at = x;
              x += scale(v);
              return <rect fill={colours[j]} height={18} key={j} stroke="#1c4e80" strokeWidth={v > 0 ? 1 : 0} width={scale(v)} x={at} y={y + 3} />;
            })}
            <text {...text} x={x + 6} y={y + 17}>
              {sum(b)}
            </text>
          </g>
        );
      })}
      {parts.length > 1 &&
        parts.map((p, j) => (
          <g key={p}>
            <rect fill={colours[j]} height={12} stroke="#1c4e80" width={12} x={label + j * 150} y={height - 15} />
            <text {...text} x={label + j * 150 + 18} y={height - 4}>
              {p}
            </text>
          </g>
        ))}
    </svg>
  );
}
