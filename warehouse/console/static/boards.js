/* A board: asks its tiles again while somebody looks, goes on to the next one on a wall, takes tiles that are dragged. */
"use strict";

const board = document.getElementById("board");

function askAgain() {
  if (document.hidden) return;
  for (const tile of board.querySelectorAll(".asked-tile")) tile.dispatchEvent(new CustomEvent("refresh"));
}

function goOn() {
  if (document.hidden) setTimeout(goOn, 1000);
  else location.assign(board.dataset.next);
}

function drop(event) {
  const target = event.target.closest(".tile"), form = document.getElementById("dropped");
  const tile = event.dataTransfer.getData("text/tile");
  if (!target || !form || tile === "" || tile === target.dataset.tile) return;
  event.preventDefault();
  form.elements.tile.value = tile;
  form.elements.to.value = target.dataset.tile;
  form.requestSubmit();
}

if (Number(board.dataset.refresh) > 0) setInterval(askAgain, Number(board.dataset.refresh) * 1000);
if (board.dataset.next) setTimeout(goOn, Number(board.dataset.rotate) * 1000);
board.addEventListener("dragstart", (event) => {
  const tile = event.target.closest?.(".tile[draggable]");
  if (tile) event.dataTransfer.setData("text/tile", tile.dataset.tile);
});
board.addEventListener("dragover", (event) => { if (event.target.closest(".tile") && document.getElementById("dropped")) event.preventDefault(); });
board.addEventListener("drop", drop);
