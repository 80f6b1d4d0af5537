// A figure on a page: the drawing as the server sent it, words beside the mark that is pointed at, and the mark that is picked.

const REACH = 32 // pixels between the pointer and the mark it means
const SLACK = 0.06 // a drawing is stretched by so much before another of the right width is asked for
const ROW = 6 // pixels that the middles of marks in one row may lie apart
const BESIDE = 8 // pixels between a mark and its words
const REST = 200 // milliseconds without change before a width counts
const figures = new WeakMap()

// A link to the rows behind a mark is turned into filters by the server, which tells the address of each: one step of the way back, not one each.
const WAY = 'a[href*="behind="], a[href*="return=1"]'
const SOON = 3000 // milliseconds in which the server has turned it
if (!history.isOneStep) {
  const push = history.pushState.bind(history)
  let from = ""
  let followed = -Infinity
  history.isOneStep = true
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(WAY)) return
    from = location.pathname
    followed = performance.now()
  }, true)
  history.pushState = (state, title, url) => {
    const path = new URL(url ?? "", location.href).pathname
    const isTurning = performance.now() - followed < SOON && path === location.pathname
    const isPicking = performance.now() - (history.picked ?? -Infinity) < SOON && path === location.pathname
    if (isTurning) {
      if (path !== from) history.replaceState(state, title, url) // the page that is left keeps its address as it was
    } else if (isPicking) history.replaceState(state, title, url) // the mark that is picked is told by the address, and is no step of the way back
    else push(state, title, url)
  }
}

// Explore: the figure, interactive in a dialog of the page. Its data and plotly.js are asked for by the press, not before.
const AGAIN = 8000 // milliseconds after which an answer that was lost on the way is asked for again

function loaded(tag, attributes) {
  return new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement(tag), attributes)
    made.onload = resolve
    made.onerror = () => {
      made.remove()
      reject(new Error(`${tag} not loaded`))
    }
    document.head.append(made)
  })
}

let library = null // one for all figures of the window
function libraryOf(files) {
  library ??= Promise.all([
    loaded("link", { rel: "stylesheet", href: files["explore.css"] }),
    loaded("script", { src: files["plotly.js"] }),
    loaded("script", { src: files["explore.js"] }),
  ]).catch((failure) => { library = null; throw failure })
  return library
}

class Explored {
  constructor(box, ask) {
    this.since = Date.now()
    this.ask = () => ask(String(Date.now()))
    this.dialog = document.createElement("dialog")
    this.dialog.className = "explore-dialog"
    this.dialog.setAttribute("aria-label", "Explore")
    this.dialog.innerHTML = '<div class="explore-head"><div><h2></h2><p></p></div><button type="button">Close</button></div>' +
      '<div class="explore"><p role="status">The chart is being made ready.</p></div>'
    this.dialog.querySelector("button").addEventListener("click", () => this.dialog.close())
    this.dialog.addEventListener("close", () => this.closed())
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close()) // beside it
    const theme = getComputedStyle(box)
    this.dialog.style.background = theme.getPropertyValue("--st-background-color")
    this.dialog.style.color = theme.getPropertyValue("--st-text-color")
    this.dialog.style.setProperty("--explore-font", theme.getPropertyValue("--st-font"))
    document.body.append(this.dialog)
    this.dialog.showModal()
    this.ask()
    this.waiting = setInterval(() => this.ask(), AGAIN)
  }

  async answered({ asked, figure, title, scope, alt, files }) {
    if (Number(asked) < this.since || !this.dialog.open || this.isShown) return
    this.isShown = true
    clearInterval(this.waiting)
    for (const [name, colour] of Object.entries(figure.colours)) this.dialog.style.setProperty(`--explore-${name}`, colour)
    this.dialog.style.colorScheme = figure.colours.name
    this.dialog.querySelector("h2").textContent = title || "Explore"
    this.dialog.querySelector("p").textContent = scope
    this.dialog.setAttribute("aria-label", `Explore: ${title}`)
    const root = this.dialog.querySelector(".explore")
    try {
      await libraryOf(files)
      if (this.dialog.open) this.leave = await window.readoutExplore.mount(root, figure, alt)
    } catch (failure) {
      console.error(failure)
      root.textContent = "This chart could not be made interactive. Close this and try again."
    }
  }

  closed() {
    clearInterval(this.waiting)
    this.leave?.()
    this.dialog.remove()
  }
}

class Figure {
  constructor(root) {
    this.box = root.querySelector(".figure")
    this.drawing = root.querySelector(".drawing")
    this.words = root.querySelector(".words")
    this.heard = root.querySelector(".heard")
    this.hint = root.querySelector(".hint")
    this.at = -1
    root.querySelector("button.explore").addEventListener("click", () => {
      this.explored = new Explored(this.box, (asked) => this.tell("explore", asked))
    })
    new ResizeObserver(() => this.measured()).observe(this.box)
    this.box.addEventListener("pointermove", (e) => this.pointed(e))
    this.box.addEventListener("pointerleave", () => this.show(-1))
    this.box.addEventListener("click", (e) => this.pick(this.nearest(e)))
    this.box.addEventListener("keydown", (e) => this.key(e))
    this.box.addEventListener("blur", () => this.show(-1))
  }

  draw({ data, setStateValue }) {
    this.data = data
    this.tell = setStateValue
    if (this.drawn !== data.svg) {
      this.drawing.innerHTML = data.svg
      this.drawn = data.svg
      this.svg = this.drawing.querySelector("svg")
      this.marks = [...this.svg.querySelectorAll("[data-say]")]
      this.spots = null
      this.steps = null
      this.show(-1)
    }
    const isPicking = data.picking && this.marks.some((mark) => mark.dataset.pick)
    const walked = this.marks.length ? "Chart. The arrow keys walk its marks." : "Chart."
    this.box.setAttribute("aria-label", isPicking ? `${walked} Enter chooses one, Escape lets it go.` : walked)
    this.box.tabIndex = this.marks.length ? 0 : -1
    this.hint.hidden = !isPicking
    const picked = data.picking ? data.pick : null
    this.svg.classList.toggle("picked", Boolean(picked))
    for (const mark of this.marks) mark.classList.toggle("is-picked", Boolean(picked) && mark.dataset.pick === picked)
    this.measured()
    this.coloured()
    if (data.explored) this.explored?.answered(data.explored)
  }

  // The server draws for a theme: it is told ours where the viewer has switched it since.
  coloured() {
    const said = getComputedStyle(this.box).getPropertyValue("--st-background-color").trim()
    const parts = said.startsWith("#") ? [1, 3, 5].map((i) => parseInt(said.slice(i, i + 2), 16)) : (said.match(/\d+/g) ?? []).map(Number)
    if (parts.length < 3 || parts.some(Number.isNaN)) return
    const theme = parts[0] + parts[1] + parts[2] < 384 ? "dark" : "light"
    if (theme !== this.data.theme && theme !== this.themed) this.tell("theme", theme)
    this.themed = theme
  }

  // The server draws for a width: it is told ours where its guess is too far from it.
  measured() {
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => {
      const wide = Math.round(this.box.clientWidth)
      const isFar = this.data && wide > 0 && Math.abs(wide - this.data.width) > SLACK * this.data.width
      if (!isFar || wide === this.told) return
      this.told = wide
      this.tell("width", wide)
    }, this.told === undefined ? 0 : REST)
  }

  places() {
    this.spots ??= this.marks.map((mark) => mark.getBBox())
    return this.spots
  }

  // The marks as they are read: of units below one another row by row from the top, whatever order they are drawn in; else as drawn.
  walk() {
    if (this.steps) return this.steps
    const order = this.marks.map((_, i) => i)
    if (!("rows" in this.svg.dataset)) return (this.steps = order)
    const middle = (i) => this.places()[i].y + this.places()[i].height / 2
    order.sort((a, b) => middle(a) - middle(b))
    const rows = []
    for (const i of order) {
      if (rows.length && middle(i) - middle(rows.at(-1)[0]) <= ROW) rows.at(-1).push(i)
      else rows.push([i])
    }
    return (this.steps = rows.flatMap((row) => row.sort((a, b) => this.places()[a].x - this.places()[b].x)))
  }

  nearest(event) {
    const frame = this.svg.getBoundingClientRect()
    const scale = this.svg.viewBox.baseVal.width / frame.width
    const [x, y] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale]
    let found = -1
    let least = REACH * scale
    this.places().forEach((box, i) => {
      const dx = Math.max(box.x - x, 0, x - box.x - box.width)
      const dy = Math.max(box.y - y, 0, y - box.y - box.height)
      const far = Math.hypot(dx, dy)
      if (far <= least) [least, found] = [far, i]
    })
    return found
  }

  pointed(event) {
    const found = this.nearest(event)
    this.box.classList.toggle("at-pick", Boolean(this.data.picking && this.marks[found]?.dataset.pick))
    if (found !== this.at) this.show(found)
  }

  show(i) {
    this.marks?.[this.at]?.classList.remove("is-meant")
    this.at = i
    const mark = this.marks?.[i]
    this.words.hidden = !mark
    if (!mark) return
    mark.classList.add("is-meant")
    this.words.textContent = mark.dataset.say
    const scale = this.svg.getBoundingClientRect().width / this.svg.viewBox.baseVal.width
    const box = this.places()[i]
    const [left, right] = [box.x * scale, (box.x + box.width) * scale]
    const middle = (box.y + box.height / 2) * scale
    const [wide, tall] = [this.words.offsetWidth, this.words.offsetHeight]
    const room = this.box.clientWidth - wide
    let [x, y] = [(left + right - wide) / 2, box.y * scale - tall - BESIDE]
    if ("rows" in this.svg.dataset) {
      // beside the mark, in its own row: above it they would hide the row before
      x = right + BESIDE <= room ? right + BESIDE : left - BESIDE - wide >= 0 ? left - BESIDE - wide : room
      y = middle - tall / 2
    } else if (y < 0) y = (box.y + box.height) * scale + BESIDE
    this.words.style.left = `${Math.max(0, Math.min(room, x))}px`
    this.words.style.top = `${y}px`
  }

  pick(i) {
    if (!this.data.picking) return
    const wanted = this.marks[i]?.dataset.pick ?? null
    const same = this.data.pick ?? null
    if (wanted === same && wanted === null) return
    this.choose(wanted === same ? null : wanted)
  }

  // `at`: when, so that a mark picked once more is news to the server.
  choose(mark) {
    history.picked = performance.now()
    this.tell("pick", { mark, of: this.data.of, at: history.picked })
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (step) {
      const walk = this.walk()
      const now = walk.indexOf(this.at)
      const next = walk[now < 0 ? (step > 0 ? 0 : walk.length - 1) : Math.max(0, Math.min(walk.length - 1, now + step))]
      this.show(next)
      this.heard.textContent = this.marks[next]?.dataset.say ?? ""
    } else if (event.key === "Enter" || event.key === " ") {
      this.pick(this.at)
    } else if (event.key === "Escape") {
      this.show(-1)
      if (this.data.picking && this.data.pick) this.choose(null)
    } else {
      return
    }
    event.preventDefault()
  }
}

export default function (component) {
  const root = component.parentElement
  if (!figures.has(root)) figures.set(root, new Figure(root))
  figures.get(root).draw(component)
}
