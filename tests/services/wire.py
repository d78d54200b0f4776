"""What a page costs a browser that has kept nothing of the site: bytes, time, jumps."""

from __future__ import annotations

#: For `add_init_script`: [how far, what moved, …] for each time that something did.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(e => window.shifts.push(
    [e.value, ...e.sources.map(one => one.node?.outerHTML?.slice(0, 80))]
))).observe({type: "layout-shift", buffered: true});
"""
LARGEST_MS = 1000
#: When the largest part stood (largest contentful paint), in ms from the start.
LARGEST = """() => new Promise((done, none) => {
    let last;
    new PerformanceObserver(list => {
        last = list.getEntries().at(-1).startTime;
        setTimeout(() => done(last), 100);  // a larger one may follow at once
    }).observe({type: "largest-contentful-paint", buffered: true});
    setTimeout(none, 5000, new Error("nothing was painted"));
})"""


class Wire:
    """Counts every byte that comes to a page, as the network does: compressed."""

    def __init__(self, page) -> None:
        self.addresses, self.sizes = {}, {}
        page.add_init_script(WATCH_SHIFTS)
        self.page = page
        self.protocol = page.context.new_cdp_session(page)
        self.protocol.on("Network.requestWillBeSent", self._asked)
        self.protocol.on("Network.loadingFinished", self._came)
        self.protocol.send("Network.enable")
        self.protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _asked(self, event):
        self.addresses[event["requestId"]] = event["request"]["url"]

    def _came(self, event):
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    def load(self, address):
        """Go there with nothing kept; returns bytes by address."""
        self.addresses.clear()
        self.sizes.clear()
        self.page.goto(address, wait_until="networkidle")
        # Chromium without a window asks for no icon: a person's browser does.
        self.page.evaluate(
            "fetch(document.querySelector('link[rel=icon]').href).then(r => r.text())"
        )
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(200)
        return {self.addresses[each]: size for each, size in self.sizes.items()}
