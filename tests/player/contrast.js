// The texts of a page with less contrast than 4.5 to 1: opacity counts against what lies beneath.
() => {
    const parsed = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
        return [r, g, b, a];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const light = (colour) => colour.map((each) => each / 255)
        .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((so, c, i) => so + c * [0.2126, 0.7152, 0.0722][i], 0);
    const opacity = (element) => element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1;
    const painted = (element) => {
        const style = getComputedStyle(element);
        const [r, g, b, a] = parsed(element.matches("rect") ? (style.fill === "none" ? "rgba(0,0,0,0)" : style.fill) : style.backgroundColor);
        return [r, g, b, a * opacity(element)];
    };
    const faults = new Set();
    const top = document.querySelector("dialog[open]") ?? document.body; // what lies beneath it is inert
    const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest("script, style, option, noscript")) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const { left, right, top, bottom } = range.getBoundingClientRect();
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        if (right - left < 1 || x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
        const view = element.closest("svg")?.getBoundingClientRect(); // of a graph that is larger the rest is cut
        if (view && (x < view.left || x > view.right || y < view.top || y > view.bottom)) continue;
        const under = document.elementsFromPoint(x, y);
        if (!under.some((each) => each === element || each.contains(element) || element.contains(each))) continue;
        const style = getComputedStyle(element);
        if (style.visibility === "hidden") continue;
        const [r, g, b, a] = parsed(element.closest("svg") ? style.fill : style.color);
        const ground = [...under].reverse().map(painted).reduce((so, each) => over(each, so), [255, 255, 255]);
        const ink = over([r, g, b, a * opacity(element)], ground);
        const [low, high] = [light(ink), light(ground)].sort((p, q) => p - q);
        const ratio = (high + 0.05) / (low + 0.05);
        if (ratio < 4.5) faults.add(`${walker.currentNode.data.trim()} in ${element.className.baseVal ?? element.className}: ${ratio.toFixed(2)}`);
    }
    return [...faults];
}
