/* In the page's head: a long report is laid out once, when all of it is there. */
document.documentElement.classList.add("drawing", "loading");
