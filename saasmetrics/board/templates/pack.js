// Each static picture gives way to its interactive twin, in the theme that is seen; printing takes the pictures back.
const specs = JSON.parse(document.getElementById("specs").textContent);
const night = window.matchMedia("(prefers-color-scheme: dark)");

async function draw(holder) {
  const spec = specs[holder.dataset.key][night.matches ? "dark" : "light"];
  const live = document.createElement("div");
  live.className = "live";
  await window.vegaEmbed(live, spec, { actions: false, renderer: "svg", loader: { load: () => Promise.reject() } });
  holder.querySelector(".live")?.remove();
  holder.append(live);
  holder.classList.add("ready");
}

async function drawAll() {
  for (const holder of document.querySelectorAll(".chart")) {
    await draw(holder).catch((error) => console.error(error));
  }
  document.documentElement.dataset.ready = "yes";
}

night.addEventListener("change", drawAll);
drawAll();
