import { rateWords } from "../../words/operations";

const [width, height] = [72, 20];

/** A rate over the last two minutes as a line; its words say the same. */
export function Spark({ values, of }: { values: readonly number[]; of: string }) {
  const most = Math.max(...values, 1);
  const now = values.at(-1) ?? 0;
  const points = values.map((v, i) => `${(width - (values.length - 1 - i) * (width / 119)).toFixed(1)},${(height - 1 - (v / most) * (height - 2)).toFixed(1)}`);
  const words = `${of} in the last 2 minutes: ${rateWords(Math.min(...values, now))} to ${rateWords(Math.max(...values, now))}, now ${rateWords(now)} a second`;
  return (
    <svg aria-label={words} height={height} role="img" viewBox={`0 0 ${width} ${height}`} width={width}>
      <line stroke="#82868c" strokeWidth="0.5" x1="0" x2={width} y1={height - 1} y2={height - 1} />
      <polyline fill="none" points={points.join(" ")} stroke="#1c4e80" strokeWidth="1.5" />
    </svg>
  );
}
