const page = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: page.dataset.document,
  domNode: page,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 1,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
