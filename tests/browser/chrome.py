"""A headless Chromium, driven by Selenium; what a person does with a page, in their words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome as Driver
from selenium.webdriver import ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 15.0
"""Seconds that a page may take."""

_CONTRAST = """
const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
return [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() &&
  (e.tagName === 'INPUT' || [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))).map(e => {
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
  return [e.tagName + ' ' + e.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05)]; });
"""
_UNNAMED = """
return [...document.querySelectorAll('input:not([type=hidden]), button, select, textarea, a[href]')].filter(e =>
  !(e.textContent.trim() || (e.labels && e.labels.length) || e.getAttribute('aria-label'))).map(e => e.outerHTML);
"""
_OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass(frozen=True)
class Chrome:
    driver: Driver
    screenshots: Path

    @classmethod
    @contextmanager
    def running(cls, chromium: str, driver: str, profile: Path, screenshots: Path) -> Iterator["Chrome"]:
        options = ChromeOptions()
        options.binary_location = chromium
        for argument in (
            "--headless=new",
            "--no-sandbox",  # as root in a container; it opens nothing but our own pages
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--window-size=1000,1200",
            f"--user-data-dir={profile}",
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        started = Driver(options=options, service=ChromeService(executable_path=driver))
        started.set_page_load_timeout(PATIENCE)
        try:
            yield cls(started, screenshots)
        finally:
            started.quit()

    def open(self, url: str) -> None:
        self.driver.get(url)

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def url(self) -> str:
        return self.driver.current_url

    def field(self, label: str) -> WebElement:
        """The field that the label with this text belongs to."""
        for found in self.driver.find_elements(By.TAG_NAME, "label"):
            if found.text.strip() == label:
                inner = found.find_elements(By.TAG_NAME, "input")
                return inner[0] if inner else self.driver.find_element(By.ID, str(found.get_attribute("for")))
        raise AssertionError(f"there is no field {label!r} on {self.url}:\n{self.text}")

    def type(self, label: str, text: str) -> None:
        field = self.field(label)
        field.clear()
        field.send_keys(text)

    def press(self, name: str) -> None:
        """Clicks the button or link of that name, and waits for the page that follows."""
        found = [
            each
            for each in self.driver.find_elements(By.CSS_SELECTOR, "button, a[href], summary")
            if each.text.strip() == name
        ]
        assert found, f"there is no {name!r} on {self.url}:\n{self.text}"
        self._following(found[0].click)

    def press_enter(self, label: str) -> None:
        """Sends the form with the keyboard alone."""
        self._following(lambda: self.field(label).send_keys(Keys.ENTER))

    def _following(self, act: Any) -> None:
        before = self.driver.find_element(By.TAG_NAME, "html")
        act()
        WebDriverWait(self.driver, PATIENCE).until(lambda driver: driver.find_element(By.TAG_NAME, "html") != before)
        WebDriverWait(self.driver, PATIENCE).until(
            lambda driver: driver.execute_script("return document.readyState") == "complete"
        )

    def in_colours(self, scheme: str) -> None:
        """`light` or `dark`, as the system would say."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def as_wide_as(self, pixels: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": pixels, "height": 1200, "deviceScaleFactor": 1, "mobile": False},
        )

    def look(self, name: str) -> None:
        """Keeps the page as a picture, and checks what every page must hold, in light and dark, wide and narrow."""
        assert self.driver.find_element(By.TAG_NAME, "html").get_attribute("lang"), "the page names no language"
        assert len(self.driver.find_elements(By.TAG_NAME, "h1")) == 1
        assert self._script(_UNNAMED) == [], "something that can be used has no name"
        for scheme in ("light", "dark"):
            self.in_colours(scheme)
            pale = [(what, round(ratio, 2)) for what, ratio in self._script(_CONTRAST) if ratio < 4.5]
            assert pale == [], f"too little contrast in {scheme} (WCAG 2.2 asks for 4.5)"
            for width in (1000, 360):
                self.as_wide_as(width)
                assert self._script(_OVERFLOW) <= 0, f"wider than its window at {width} pixels"
                safe = re.sub(r"\W+", "-", name)
                self.driver.save_screenshot(str(self.screenshots / f"{safe}-{scheme}-{width}.png"))
        self.as_wide_as(1000)
        self.in_colours("light")

    def complaints(self) -> list[str]:
        """What the browser wrote into its console, a missing icon aside."""
        return [each["message"] for each in self.driver.get_log("browser") if "favicon.ico" not in each["message"]]  # type: ignore[no-untyped-call]

    def _script(self, script: str) -> Any:
        return self.driver.execute_script(script)
