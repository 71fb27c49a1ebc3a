"""The page as a browser gets it: it loads, draws, and keeps to its policy."""


def test_the_page_loads_and_asks_nobody_else(page):
    answer = page.goto("/")
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    assert page.title()


def test_it_loads_on_a_phone(phone):
    assert phone.goto("/").status == 200
    phone.wait_for_load_state("networkidle")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_webgl_is_there(page):
    page.goto("/")
    assert page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")


def test_foreign_scripts_and_styles_are_refused(page, watch):
    page.goto("/")
    watch.expect("Content Security Policy")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.head.append(script);
            const style = document.createElement("style");
            style.textContent = "body { display: none }";
            document.head.append(style);
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    assert len(watch.found) >= 2
