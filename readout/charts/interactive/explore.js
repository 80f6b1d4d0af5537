// A figure made interactive: the same in the dialog of a page and in a file that stands alone.
(() => {
  const CLOSER = 0.7 // what is left of an axis when it is zoomed
  const STEP = 0.15 // of an axis that one press of an arrow moves it by
  const KEYS = {
    ArrowLeft: [1, -STEP, 0], ArrowRight: [1, STEP, 0], ArrowUp: [1, 0, STEP], ArrowDown: [1, 0, -STEP],
    "+": [CLOSER, 0, 0], "=": [CLOSER, 0, 0], "-": [1 / CLOSER, 0, 0],
  }
  const HELP = "Drag over a part to zoom to it. Keys on the chart: arrows move, + and - zoom, 0 shows all."

  const LETTER = 6.3 // pixels of a letter of 12
  const GAP = 4 // pixels between two words under an axis

  // A text on lines of at most so many letters; one that has lines of its own stays.
  function wrapped(text, most) {
    if (text.length <= most || text.includes("<")) return text
    const lines = [""]
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + 1 + word.length > most) lines.push(word)
      else lines[lines.length - 1] += (lines.at(-1) && " ") + word
    }
    return lines.join("<br>")
  }

  function made(tag, attributes, ...children) {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
    element.append(...children)
    return element
  }

  function button(text, pressed) {
    const element = made("button", { type: "button" }, text)
    element.addEventListener("click", () => pressed(element))
    return element
  }

  // Draw a figure into an element, with its buttons and switches. Gives what takes it away again.
  async function mount(root, figure, words) {
    for (const [name, colour] of Object.entries(figure.colours)) root.style.setProperty(`--explore-${name}`, colour)
    root.style.colorScheme = figure.colours.name
    const plot = made("div", { class: "explore-plot", tabindex: "0", role: "group", "aria-label": `${words} ${HELP}` })
    const axes = () => Object.entries(plot._fullLayout).filter(([name]) => /^[xy]axis\d*$/.test(name))
    const ranges = () => Object.fromEntries(axes().map(([name, axis]) => [`${name}.range`, [...axis.range]]))

    function move(closer, across, up) {
      const change = {}
      for (const [name, axis] of axes()) {
        const [low, high] = axis.range.map((end) => axis.r2l(end))
        // an axis that runs downwards is moved as it is seen
        const middle = (low + high) / 2 + (name[0] === "x" ? across : up) * (high - low)
        const half = ((high - low) / 2) * closer
        change[`${name}.range`] = [middle - half, middle + half].map((end) => axis.l2r(end))
      }
      return Plotly.relayout(plot, change)
    }

    // As our own drawing does on a narrow page: words that touch under an axis are thinned, long ones wrap.
    async function fit() {
      const change = {}
      for (const [name, axis] of axes()) {
        const given = figure.layout[name] ?? {}
        if (name[0] === "x") for (const part of ["tickvals", "ticktext", "nticks"]) change[`${name}.${part}`] = given[part]
        const title = given.title?.text
        if (name[0] === "x" && title) change[`${name}.title.text`] = wrapped(title, Math.floor(axis._length / LETTER))
      }
      figure.layout.annotations.forEach(({ xref, x, text }, i) => {
        const most = Math.floor((plot.clientWidth - plot._fullLayout._size.l) / LETTER)
        if (xref === "paper" && x === 0) change[`annotations[${i}].text`] = wrapped(text, most)
      })
      await Plotly.relayout(plot, change)
      for (let turn = 0; turn < 4; turn++) {
        const thinner = {}
        for (const [name, axis] of axes()) {
          if (name[0] !== "x") continue
          const boxes = [...plot.querySelectorAll(`.${axis._id}tick text`)].map((word) => word.getBoundingClientRect())
          boxes.sort((a, b) => a.left - b.left)
          if (!boxes.some((box, i) => i && box.left < boxes[i - 1].right + GAP)) continue
          const half = (all) => all?.filter((_, i) => i % 2 === 0)
          const given = plot.layout[name]
          if (given.tickvals) for (const part of ["tickvals", "ticktext"]) thinner[`${name}.${part}`] = half(given[part])
          else thinner[`${name}.nticks`] = Math.max(2, Math.ceil(boxes.length / 2))
        }
        if (!Object.keys(thinner).length) break
        await Plotly.relayout(plot, thinner)
      }
    }

    const drag = button("Drag moves", (self) => {
      const isMoving = plot._fullLayout.dragmode !== "pan"
      self.setAttribute("aria-pressed", String(isMoving))
      Plotly.relayout(plot, { dragmode: isMoving ? "pan" : "zoom" })
    })
    drag.setAttribute("aria-pressed", "false")
    const tools = made("div", { class: "explore-tools", role: "group", "aria-label": "Zoom" },
      button("Zoom in", () => move(CLOSER, 0, 0)), button("Zoom out", () => move(1 / CLOSER, 0, 0)),
      drag, button("Show all", () => whole()))
    const parts = [tools]
    if (figure.switches.length) {
      const shown = made("div", { class: "explore-shown", role: "group", "aria-label": "Shown" })
      for (const { name, colour, traces } of figure.switches) {
        const box = made("input", { type: "checkbox" })
        box.checked = true
        box.addEventListener("change", () => {
          const isWhole = [...shown.querySelectorAll("input")].every((one) => one.checked)
          const totals = Object.fromEntries(figure.totals.map((i) => [`annotations[${i}].visible`, isWhole]))
          Plotly.update(plot, { visible: box.checked }, totals, traces)
        })
        const swatch = made("span", { class: "explore-swatch", "aria-hidden": "true" })
        swatch.style.background = colour
        shown.append(made("label", {}, box, swatch, name))
      }
      parts.push(shown)
    }
    root.replaceChildren(...parts, plot, made("p", { class: "explore-help" }, HELP))
    plot.style.minHeight = `${figure.height}px`
    const { fontFamily: family } = getComputedStyle(root)
    const font = { ...figure.layout.font, family }
    const hoverlabel = { ...figure.layout.hoverlabel, font: { ...figure.layout.hoverlabel.font, family } }
    const layout = { ...figure.layout, font, hoverlabel, width: plot.clientWidth, height: plot.clientHeight }
    await Plotly.newPlot(plot, figure.data, layout, { displayModeBar: false, displaylogo: false, doubleClick: "reset", showTips: false })
    await fit()
    const first = ranges()
    const whole = () => Plotly.relayout(plot, structuredClone(first)) // a copy: dragging writes into what it is given
    plot.addEventListener("keydown", (event) => {
      if (event.target !== plot || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === "0") whole()
      else if (KEYS[event.key]) move(...KEYS[event.key])
      else return
      event.preventDefault()
    })
    const sized = new ResizeObserver(() => {
      const [width, height] = [plot.clientWidth, plot.clientHeight]
      const { width: wide, height: tall } = plot._fullLayout
      if (width && (width !== wide || height !== tall)) Plotly.relayout(plot, { width, height }).then(fit)
    })
    sized.observe(plot)
    return () => {
      sized.disconnect()
      Plotly.purge(plot)
    }
  }

  window.readoutExplore = { mount }
})()
