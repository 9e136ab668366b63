// Starts the reader of the API's description; a file, because the content policy refuses inline scripts.
"use strict";

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  // Beyond 150 rows it draws those in sight only, and the browser's own search would find nothing else.
  docExpansion: "none",
  showExtensions: true,
  // The default sends the description to another host.
  validatorUrl: null,
});
