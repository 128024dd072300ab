// Appended to a page by a test: measures it in the browser and leaves the figures in the page as JSON.
const box = element => { const r = element.getBoundingClientRect(); return [r.left, r.right, r.top, r.bottom].map(Math.round) }
const channels = color => (color.match(/[\d.]+/g) || []).map(Number)
const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0)
const ground = element => {
  for (let each = element; each; each = each.parentElement) {
    const style = getComputedStyle(each), color = channels(style.backgroundColor)
    if (style.backgroundImage !== "none" && !each.matches(".scroll")) return null // .scroll: shadows at its edges
    if (color.length === 3 || color[3] > 0) return color
  }
  return [255, 255, 255]
}
const contrast = element => {
  const [a, b] = [channels(getComputedStyle(element).color), ground(element)].map(color => color && light(color))
  return b === null ? 21 : (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}
const texts = [...document.querySelectorAll("body *")].filter(element => element.tagName !== "SCRIPT" &&
  element.getClientRects().length && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
const faint = texts.map(element => [contrast(element), element.textContent]).sort((a, b) => a[0] - b[0])[0]
const rows = [...document.querySelectorAll(".gantt .row:has(.track)")].map(row => ({
  job: row.querySelector(".job").textContent,
  track: box(row.querySelector(".track")),
  bars: [...row.querySelectorAll(".track .bar")].map(bar => ({ kind: bar.className, box: box(bar) })),
}))
const clipped = texts.filter(element => element.matches(".row .bar") && getComputedStyle(element).fontSize !== "0px" &&
  element.scrollWidth > element.clientWidth + 1).map(element => element.textContent)
const labels = [...document.querySelectorAll(".axis span")].filter(label => label.getClientRects().length).map(box)
const found = {
  rows, labels, faint, clipped, wide: document.documentElement.scrollWidth, window: innerWidth,
  resources: performance.getEntriesByType("resource").length, height: document.documentElement.scrollHeight,
}
document.body.insertAdjacentHTML("beforeend", "<pre id=measured></pre>")
document.getElementById("measured").textContent = JSON.stringify(found)
