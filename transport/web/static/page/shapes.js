import { ROW_PITCH } from './chart.js';

/**
 * The outline of a section: along its first row, up its rows' right ends, back along the last row, down the left ends. It follows curves
 * and steps that a convex hull would paint over, and neighbours stay apart. Drawn with a thick rounded stroke, it takes in the seats' own width.
 *
 * @param {import('./chart.js').Chart} chart
 * @param {{rows: number[]}} section
 * @returns {[number, number][]} points; closed when more than one row has seats
 */
export function outline(chart, section) {
  const rows = section.rows.map((r) => chart.rows[r]).filter((r) => r.count > 0);
  if (rows.length < 2) return rows.flatMap((r) => seatsOf(chart, r, false));
  const ends = aligned(chart, rows);
  if (scattered(ends)) return hull(rows.flatMap((r) => [...seatsOf(chart, r, false)]));
  const first = seatsOf(chart, rows[0], ends[0].flipped);
  const last = seatsOf(chart, rows.at(-1), ends.at(-1).flipped);
  const middle = ends.slice(1, -1);
  return [...first, ...middle.map((e) => e.b), ...last.reverse(), ...middle.map((e) => e.a).reverse()];
}

function seatsOf(chart, row, flipped) {
  const points = [];
  for (let i = row.first; i < row.first + row.count; i++) points.push([chart.x[i], chart.y[i]]);
  return flipped ? points.reverse() : points;
}

/** Every row's two ends, turned so that they run the same way as the row before. */
function aligned(chart, rows) {
  let dx = 0;
  let dy = 0;
  return rows.map((row) => {
    const last = row.first + row.count - 1;
    let a = [chart.x[row.first], chart.y[row.first]];
    let b = [chart.x[last], chart.y[last]];
    const flipped = (b[0] - a[0]) * dx + (b[1] - a[1]) * dy < 0;
    if (flipped) [a, b] = [b, a];
    if (row.count > 1) [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    return { a, b, flipped };
  });
}

/** Rows that do not lie in the order they are listed in (several in one line, say) would give a zigzag. */
function scattered(ends) {
  let far = 0;
  for (let k = 1; k < ends.length; k++) {
    const [p, q] = [ends[k - 1], ends[k]];
    const d = Math.hypot((p.a[0] + p.b[0] - q.a[0] - q.b[0]) / 2, (p.a[1] + p.b[1] - q.a[1] - q.b[1]) / 2);
    if (d > ROW_PITCH * 6) far++;
  }
  return far > ends.length / 5;
}

/** Convex hull, Andrew's monotone chain. @param {[number, number][]} points @returns {[number, number][]} */
export function hull(points) {
  const sorted = [...points].sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  if (sorted.length < 3) return sorted;
  const half = (list) => {
    const chain = [];
    for (const p of list) {
      while (chain.length > 1 && turn(chain.at(-2), chain.at(-1), p) <= 0) chain.pop();
      chain.push(p);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

function turn(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** @returns {Path2D} in world units */
export function toPath(points) {
  const path = new Path2D();
  points.forEach(([x, y], k) => (k ? path.lineTo(x, y) : path.moveTo(x, y)));
  if (points.length === 1) path.lineTo(points[0][0] + 0.01, points[0][1]); // a round cap needs a line to sit on
  if (points.length > 2) path.closePath();
  return path;
}
