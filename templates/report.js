// A copy button for each block that is meant to be pasted. Without scripts the page lacks nothing else.
const announce = document.querySelector(".announce");

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function select(block) {
  getSelection().selectAllChildren(block);
}

for (const block of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const done = await copied(block.textContent);
    if (!done) select(block);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    announce.textContent = done ? "Copied to the clipboard." : "Selected: press Ctrl+C to copy.";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const frame = document.createElement("div");
  frame.className = "copyable";
  block.replaceWith(frame);
  frame.append(block, button);
}
