"""Opens the status page in a real browser without a window, uses it without a mouse, and tells what it saw as JSON.

usage: browse.py CHROMIUM URL SCREENSHOT WIDTH light|dark
"""

import json
import sys
import time

from playwright.sync_api import sync_playwright

chromium, url, screenshot, width, scheme = sys.argv[1:]

with sync_playwright() as playwright:
    # The sandbox of the browser needs what root in a container has not.
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": int(width), "height": 800}, color_scheme=scheme)
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    page.evaluate("document.getElementById('state').dataset.first = 'yes'")
    # It renews itself.
    # The page's own policy forbids waiting for it by a function inside the page.
    deadline = time.monotonic() + 20
    while page.evaluate("document.getElementById('state').dataset.first"):
        if time.monotonic() > deadline:
            sys.exit("the page does not renew itself")
        page.wait_for_timeout(100)
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.textContent"))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    button = page.evaluate("document.activeElement.textContent")
    page.screenshot(path=screenshot, full_page=True)
    print(
        json.dumps(
            {
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
                "requests": requests,
                "complaints": complaints,
                "stops": stops,
                "button": button,
            }
        )
    )
    browser.close()
