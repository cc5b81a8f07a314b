"""Opens a page in a real browser without a window, as people with other screens and habits would, and tells what it saw as
JSON: a line for each look. Knows nothing of the page but what HTML and WCAG 2.2 say of all pages.

usage: look.py CHROMIUM URL FOLDER NAME LOOK…

A look is WIDTH-light, WIDTH-dark, print, or WIDTH-scriptless. Its picture is FOLDER/NAME-LOOK.png.
"""

import json
import sys
import time

from playwright.sync_api import sync_playwright

chromium, url, folder, name, *looks = sys.argv[1:]

# Texts and lines with their contrast to what is behind them, by WCAG's formula. The browser mixes colours that let through.
CONTRAST = """() => {
    const parse = text => {
        const numbers = (text.match(/[\\d.]+/g) || []).map(Number);
        return numbers.length < 3 ? null : [...numbers.slice(0, 3), numbers.length > 3 ? numbers[3] : 1];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let e = element; e; e = e.parentElement) {
            const colour = parse(getComputedStyle(e).backgroundColor);
            if (colour && colour[3] > 0) layers.push(colour);
            if (colour && colour[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const brightness = colour => {
        const [r, g, b] = colour.slice(0, 3).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
        const [high, low] = [brightness(a), brightness(b)].sort((x, y) => y - x);
        return (high + 0.05) / (low + 0.05);
    };
    const found = [];
    const add = (element, colour, text, needed) => {
        const parsed = parse(colour);
        if (!parsed) return;
        const back = behind(element);
        found.push({text: text.slice(0, 60), contrast: contrast(over(parsed, back), back), needed});
    };
    const seen = element => element.getClientRects().length > 0 && element.checkVisibility();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
        if (!text || !seen(element) || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName)) continue;
        const style = getComputedStyle(element), size = parseFloat(style.fontSize);
        const large = size >= 24 || size >= 18.66 && +style.fontWeight >= 700;
        add(element, style.color, text, large ? 3 : 4.5);
        const made = getComputedStyle(element, "::before");
        if (made.content.length > 2) add(element, made.color, made.content, 4.5);
    }
    for (const shape of document.querySelectorAll("svg .line, svg .limit"))
        add(shape.ownerSVGElement, getComputedStyle(shape).stroke, shape.getAttribute("class"), 3);
    return found.filter(each => each.contrast < each.needed).map(each => `${each.text}: ${each.contrast.toFixed(2)}`);
}"""

# Texts that lie outside of what holds them, or over one another.
CLASHES = """() => {
    const found = [], boxes = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
        if (!text || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) || element.closest("thead")
            || !element.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects())
            if (box.width > 0 && box.height > 0) boxes.push({text: text.slice(0, 40), box});
    }
    for (const {text, box} of boxes)
        if (box.left < -1 || box.right > innerWidth + 1) found.push(`outside: ${text}`);
    boxes.sort((a, b) => a.box.top - b.box.top);
    for (let i = 0; i < boxes.length; i++)
        for (let j = i + 1; j < boxes.length && boxes[j].box.top < boxes[i].box.bottom - 3; j++) {
            const a = boxes[i].box, b = boxes[j].box;
            if (a.left < b.right - 2 && b.left < a.right - 2 && b.top < a.bottom - 4)
                found.push(`over one another: ${boxes[i].text} / ${boxes[j].text}`);
        }
    return found;
}"""


def look(browser, kind, uses):
    width, scheme = (1280, "light") if kind == "print" else kind.split("-")
    script = scheme != "scriptless"
    context = browser.new_context(
        viewport={"width": int(width), "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
    )
    page = context.new_page()
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    if kind == "print":
        # Of somebody whose screen is dark.
        page.emulate_media(media="print", color_scheme="dark")
    seen = {
        "look": kind,
        "title": page.title(),
        "text": page.inner_text("body"),
        "overflow": page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        "brightness": page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
        ),
        "smallest_text": page.evaluate(
            "Math.min(...[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
        ),
        "plots": page.evaluate("[...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().width > 100).length"),
        "faint": page.evaluate(CONTRAST),
        "clashes": page.evaluate(CLASHES),
        # As a screen reader is told it.
        "outline": page.locator("body").aria_snapshot(),
        "nameless": page.evaluate(
            "[...document.querySelectorAll('a, button, summary, svg')].filter(e => e.getClientRects().length"
            " && !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML.slice(0, 80))"
        ),
        "headings": page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => +e.tagName[1])"),
    }
    page.screenshot(path=f"{folder}/{name}-{kind}.png", full_page=True)
    if kind == "print":
        page.pdf(path=f"{folder}/{name}.pdf", print_background=True)
    if uses:
        seen.update(use(page))
    seen.update(requests=requests, complaints=complaints)
    context.close()
    return seen


def renew(page):
    """Waits until it renews itself."""
    page.evaluate("document.getElementById('state').dataset.first = 'yes'")
    # The page's own policy forbids waiting for it by a function inside the page.
    deadline = time.monotonic() + 20
    while page.evaluate("document.getElementById('state').dataset.first"):
        if time.monotonic() > deadline:
            sys.exit("the page does not renew itself")
        page.wait_for_timeout(100)


def use(page):
    """Works it by the keyboard."""
    renew(page)
    stops, unseen, folds = [], [], 0
    for _ in range(3):
        page.keyboard.press("Tab")
        # Folds come first; what is opened stays open when the page renews itself.
        while page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            folds += 1
            page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.textContent"))
        if not page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2"):
            unseen.append(stops[-1])
    if folds:
        renew(page)
    closed = folds - page.evaluate("document.querySelectorAll('details[open]').length")
    page.locator("button").focus()
    page.keyboard.press("Enter")
    button = page.evaluate("document.activeElement.textContent")
    return {"stops": stops, "unseen_focus": unseen, "closed_folds": closed, "button": button}


with sync_playwright() as playwright:
    # The sandbox of the browser needs what root in a container has not.
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    for kind in looks:
        # Its keys are the same in every light and at every width.
        print(json.dumps(look(browser, kind, uses=kind == looks[0])))
    browser.close()
