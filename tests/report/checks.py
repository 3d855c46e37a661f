"""What has to hold of any page, and how a check of pages ends."""

import os

import browser


class Checks:
    """What was expected and did not hold."""

    def __init__(self):
        self.failed = []

    def that(self, holds, what):
        if not holds:
            self.failed.append(what)

    def page(self, tab, name):
        """Nothing sticks out, nothing is logged, nothing is asked of the network."""
        wide = tab.run("document.documentElement.scrollWidth - window.innerWidth")
        self.that(wide <= 0, f"{name}: nothing sticks out ({wide} px)")
        for complaint in tab.complaints():
            self.failed.append(f"{name}: {complaint}")

    def told(self, praise):
        """Prints what failed, or the praise. Returns the exit status."""
        for failed in self.failed:
            print(f"FAILED {failed}")
        if not self.failed:
            print(praise)
        return 1 if self.failed else 0


def chromium(what):
    """The browser's program, or the exit status where there is none."""
    program = browser.found()
    if program is not None:
        return program, 0
    required = os.environ.get("CI") == "true" or os.environ.get("LIANGQING_TOOLS") == "required"
    print(f"{what} was not looked at in a browser: no Chromium; install the Debian package chromium")
    return None, 1 if required else 0
