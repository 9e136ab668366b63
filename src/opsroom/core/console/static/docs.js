// Starts the reader of the API's description; a file, because the content policy refuses inline scripts.
"use strict";

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  showExtensions: true,
  // The default sends the description to another host.
  validatorUrl: null,
});
