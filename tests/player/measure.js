// What is wrong with the steps of a page: numbers below a size, parts cut, covered or below the fold.
(least) => {
    const faults = [];
    const look = (i) => {
        microrelu.go(i);
        const step = document.getElementById("step");
        const place = step.getBoundingClientRect();
        const boxes = [...step.querySelectorAll(".box, .way.part")].map((each) => each.getBoundingClientRect());
        const numbers = [...step.querySelectorAll(".num")];
        const told = [document.getElementById("sentence"), document.getElementById("equation")];
        const say = (fault) => faults.push(`step ${i}: ${fault}`);
        if (!boxes.length) say("nothing is shown");
        for (const each of numbers) {
            const size = parseFloat(getComputedStyle(each).fontSize);
            if (size < least) say(`${each.textContent} has ${size} px`);
        }
        const span = (low, high) => Math.max(...boxes.map((b) => b[high])) - Math.min(...boxes.map((b) => b[low]));
        const style = getComputedStyle(step);
        const inside = place.width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        if (span("left", "right") < 0.9 * inside && span("top", "bottom") < 0.9 * place.height) {
            say("it is small");
        }
        if (step.scrollHeight > step.clientHeight || step.scrollWidth > step.clientWidth) say("it is cut");
        for (const each of [...step.querySelectorAll(".box, .way.part, button"), ...told]) {
            const { left, right, top, bottom, width, height } = each.getBoundingClientRect();
            if (width * height === 0) continue;
            if (left < 0 || right > innerWidth || top < 0 || bottom > innerHeight) say("below the fold");
            for (const part of [...each.querySelectorAll(".num:not(.sum), math")]) {
                const inner = part.getBoundingClientRect();
                if (inner.width * inner.height === 0) continue;
                const over = document.elementFromPoint((inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2);
                const isCut = part.closest("#equation")?.matches(".cut");
                if (!isCut && !each.contains(over)) say(`${part.textContent} is covered`);
            }
        }
    };
    const isNudge = document.body.matches(".nudge");
    for (const byLayers of isNudge ? [false] : [true, false]) {
        if (!isNudge) microrelu.choosePasses(byLayers, null);
        microrelu.steps.forEach((_, i) => look(i));
    }
    return faults;
}
