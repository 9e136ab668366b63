"""What an eye, a hand or a reader of the screen would miss on a page: by axe-core, and by scripts that measure."""

from importlib.resources import files

from playwright.async_api import Page

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# Rules of WCAG 2.2 A and AA and the checker's own practices; what it calls minor or moderate is not asked for.
SERIOUS = """
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html.slice(0, 120)} ${node.failureSummary}`));
}
"""


async def serious_findings(page: Page) -> list[str]:
    """What axe-core finds to be a serious or critical barrier, with the element."""
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(SERIOUS)
    return found


# How much of the page moved without being asked to, since it began to load (the sum of layout-shift values).
SHIFTED = """
() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const each of list.getEntries()) sum += each.value; })
    .observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})
"""

# By how many pixels the page is wider than the window.
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Bytes over the wire for the page and all it asked for, as the browser counted them.
TRANSFERRED = """
() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((each) => !each.name.endsWith("/live"))
  .reduce((sum, each) => sum + each.transferSize, 0)
"""
