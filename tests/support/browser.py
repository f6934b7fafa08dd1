"""Chromium without a window, for the tests of pages; they are skipped where it is not installed."""

import io
import json
import shutil

import pytest
from PIL import Image

ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--force-device-scale-factor=1", "--force-color-profile=srgb", "--window-size=1440,1000",
    # Nothing of the browser's own talks to anybody either.
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def chromium():
    """A driven Chromium, once for a file of tests."""
    program, driver_program = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver_program:
        pytest.skip("no chromium or chromedriver here; Debian has them in chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_program))
    yield driver
    driver.quit()


class Page:
    """A page that is open in the browser, and what a person does with it."""

    def __init__(self, driver, path, scheme="light", size=(1440, 1000)):
        self.driver = driver
        self.driver.get("about:blank")
        self.logs()  # of the page before
        self.emulate(scheme)
        self.resize(*size)
        self.driver.get(path.as_uri())
        self.settle()

    def emulate(self, scheme, motion="no-preference"):
        features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def resize(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def js(self, script, *arguments):
        return self.driver.execute_script(f"return ({script})", *arguments)

    def settle(self):
        """Waits for the pictures in sight, and for what they move."""
        self.driver.execute_async_script("""
            const done = arguments[0];
            const near = [...document.querySelectorAll('img.layer')];
            Promise.all(near.map((image) => image.decode().catch(() => 0)))
                .then(() => requestAnimationFrame(() => requestAnimationFrame(done)));""")

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.driver, duration=0).send_keys(key).perform()
        self.settle()

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def find_all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, selector):
        return self.js("document.querySelector(arguments[0]).textContent", selector)

    def click(self, selector):
        self.find(selector).click()
        self.settle()

    def picture(self):
        """What is to be seen, as a PIL picture."""
        return Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")

    def logs(self):
        """(what the console says, addresses that were asked for and not refused by the page) since the last time."""
        console = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        said = {name: [event["params"] for event in events if event["method"] == f"Network.{name}"]
                for name in ("requestWillBeSent", "loadingFailed")}  # fmt: skip
        refused = {request["requestId"] for request in said["loadingFailed"] if request.get("blockedReason") == "csp"}
        asked = [request["request"]["url"] for request in said["requestWillBeSent"] if request["requestId"] not in refused]
        return console, asked

    def check_quiet(self):
        console, asked = self.logs()
        assert console == []
        assert [address for address in asked if not address.startswith(("file:", "about:"))] == []
