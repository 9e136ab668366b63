// Starts the reader of the API's description; a file, because the content policy refuses inline scripts.
"use strict";

// Its own reader of links takes `_` for a space, as links of old versions had it, and complains of our operation ids.
const links = {
  statePlugins: {
    layout: {
      wrapActions: {
        parseDeepLinkHash: (_original, { layoutActions, layoutSelectors }) => (hash) => {
          const place = (hash || "").replace(/^#!?\/?/, "");
          if (!place) return;
          const key = layoutSelectors.isShownKeyFromUrlHashArray(place.split("/"));
          if (key[0] === "operations") {
            layoutActions.show(layoutSelectors.isShownKeyFromUrlHashArray([key[1]]), true);
          }
          layoutActions.show(key, true);
          layoutActions.scrollTo(key);
          layoutActions.scrollToVirtualizedOperation(key);
        },
      },
    },
  },
};

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [links],
  layout: "BaseLayout",
  deepLinking: true,
  // Beyond 150 rows it draws those in sight only, and the browser's own search would find nothing else.
  docExpansion: "none",
  showExtensions: true,
  // The default sends the description to another host.
  validatorUrl: null,
});
