/** @jsxImportSource @emotion/react */
import { NoticeState } from "../../gen/noticehub/event/v1/vocabulary_pb";
import type { Notice } from "../../gen/noticehub/processing/v1/queue_pb";
import { dateOf, day, today } from "../../words/time";
import { measureWords, noticeStateWords } from "../../words/vocabulary";
import { layOut, width, type Bar } from "./timeline";

const ink = "#1c4e80";

/** Each state has a pattern of its own; colour alone would not tell them apart. */
const fills: Record<NoticeState, { fill: string; dash?: string }> = {
  [NoticeState.UNSPECIFIED]: { fill: "#fff" },
  [NoticeState.ACTIVE]: { fill: ink },
  [NoticeState.INACTIVE]: { fill: "#fff", dash: "5 3" },
  [NoticeState.ENDED]: { fill: "url(#nh-ended)" },
  [NoticeState.REVOKED]: { fill: "url(#nh-revoked)" },
};

const labelOf = (n: Notice) => `${n.authorityId} · ${measureWords[n.measure]} · ${noticeStateWords[n.state]}${n.continuation ? ", continuation" : ""}`;
const revokedOn = (n: Notice) => (n.revokedAt ? dateOf(n.revokedAt) : "");

/** The notices as bars on a line of time. The table beside it has the same facts. */
export function Timeline({ notices, asAt }: { notices: Notice[]; asAt: string }) {
  const now = today();
  const { bars, height, todayX, asAtX, ticks } = layOut(notices, asAt, now, labelOf, revokedOn);
  return (
    // On a narrow window the picture keeps its size and scrolls in its own box.
    <div aria-label="Picture of the notice register" css={{ overflowX: "auto" }} role="region" tabIndex={0}>
      <svg
        aria-label={`Timeline of ${notices.length} ${notices.length === 1 ? "notice" : "notices"} as at ${day(asAt)}. The table has the same facts.`}
        css={{ display: "block", width: "100%", minWidth: "34rem", height: "auto", fontFamily: "inherit" }}
        role="img"
        viewBox={`0 0 ${width} ${height}`}
      >
        <defs>
          <pattern height="6" id="nh-ended" patternTransform="rotate(45)" patternUnits="userSpaceOnUse" width="6">
            <rect fill="#fff" height="6" width="6" />
            <rect fill="#6a7077" height="6" width="2" />
          </pattern>
          <pattern height="7" id="nh-revoked" patternUnits="userSpaceOnUse" width="7">
            <rect fill="#fff" height="7" width="7" />
            <path d="M0 0L7 7M7 0L0 7" stroke="#a6192e" strokeWidth="1" />
          </pattern>
        </defs>
        {ticks.map((t) => (
          <g key={t.label}>
            <line stroke="#d6dade" x1={t.x} x2={t.x} y1={34} y2={height} />
            {t.x < width - 60 && (
              <text fill="#565c63" fontSize="11" x={t.x + 3} y={42}>
                {t.label}
              </text>
            )}
          </g>
        ))}
        {asAt !== now && <Line text={`As at ${day(asAt)}`} x={asAtX} y={26} height={height} dash="2 3" />}
        <Line text={`Today, ${day(now)}`} x={todayX} y={12} height={height} />
        {bars.map((b) => (
          <NoticeBar bar={b} key={b.notice.noticeId} />
        ))}
      </svg>
    </div>
  );
}

function Line({ text, x, y, height, dash }: { text: string; x: number; y: number; height: number; dash?: string }) {
  const right = x > width - 130;
  return (
    <g>
      <line stroke="#8a4fd0" strokeDasharray={dash} strokeWidth="2" x1={x} x2={x} y1={y - 8} y2={height} />
      <text fill="#5d2ba3" fontSize="12" fontWeight="bold" textAnchor={right ? "end" : "start"} x={right ? x - 5 : x + 5} y={y}>
        {text}
      </text>
    </g>
  );
}

function NoticeBar({ bar: b }: { bar: Bar }) {
  const { fill, dash } = fills[b.notice.state];
  const edge = b.notice.state === NoticeState.REVOKED ? "#a6192e" : b.notice.state === NoticeState.ENDED ? "#565c63" : ink;
  return (
    <g>
      {b.from && <path d={`M${b.from.x} ${b.from.y + 16}V${b.y + 8}H${b.x}`} fill="none" stroke={ink} strokeDasharray="3 2" strokeWidth="2" />}
      <text fill="#22272b" fontSize="13" paintOrder="stroke" stroke="#fff" strokeLinejoin="round" strokeWidth="4" textAnchor={b.anchor} x={b.labelX} y={b.y - 5}>
        {b.label}
      </text>
      {/* What a revocation took away stays in outline. */}
      {b.revokedX !== undefined && <rect fill="#fff" height="16" stroke={edge} strokeDasharray="2 3" width={b.x + b.width - b.revokedX} x={b.revokedX} y={b.y} />}
      <rect fill={fill} height="16" stroke={edge} strokeDasharray={dash} strokeWidth="1.5" width={(b.revokedX ?? b.x + b.width) - b.x} x={b.x} y={b.y} />
      {b.revokedX !== undefined && (
        <g>
          <circle cx={b.revokedX} cy={b.y + 8} fill="#fff" r="9" stroke="#a6192e" strokeWidth="2" />
          <path d={`M${b.revokedX - 4} ${b.y + 4}l8 8m0 -8l-8 8`} stroke="#a6192e" strokeWidth="2.5" />
        </g>
      )}
    </g>
  );
}
