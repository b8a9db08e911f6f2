"""The sign-in pages in a real browser without a screen."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import SignIn

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER) and not os.environ.get("CI"),
    reason="needs chromium and chromedriver; CI must have them",
)


@pytest.fixture(params=["with scripts", "without scripts"])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    if request.param == "without scripts":
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_page_load_timeout(30)
    yield driver
    driver.quit()


def labelled(browser: webdriver.Chrome, text: str) -> str:
    """The id of the field that a label with this text belongs to."""
    return str(browser.find_element(By.XPATH, f"//label[.='{text}']").get_attribute("for"))


def test_a_person_signs_in_with_the_keyboard(browser: webdriver.Chrome, sign_in: SignIn) -> None:
    wait = WebDriverWait(browser, 20)
    browser.get(sign_in.served.base_url + sign_in.address())
    assert browser.switch_to.active_element.get_attribute("id") == labelled(browser, "Username")
    browser.switch_to.active_element.send_keys(sign_in.served.handout.username, Keys.TAB, "wrong", Keys.ENTER)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "[role=alert]"))
    password = browser.find_element(By.ID, labelled(browser, "Password"))
    assert password.get_attribute("value") == ""
    password.send_keys(sign_in.served.handout.password, Keys.ENTER)
    wait.until(lambda page: page.title.startswith("Allow Access?"))
    assert "Rehearsal practice app" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.ID, "oaapprove").send_keys(Keys.ENTER)
    # Nobody listens at the callback address; the browser shows where it was sent all the same.
    wait.until(lambda page: page.current_url.startswith(sign_in.redirect_uri))
    values = parse_qs(urlsplit(browser.current_url).query)
    assert values["state"] == ["st ate/+&=ü"]
    reply = sign_in.redeem(values["code"][0])
    assert reply.status_code == 200
